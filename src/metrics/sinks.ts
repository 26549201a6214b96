// SPDX-License-Identifier: Apache-2.0
// What became of the events at each sink.

import type { FamilyOptions } from "./family.js";
import type { MetricLabels, MetricReaders, SinkMetrics } from "./readers.js";

export const metricNames = [
  "cloudtaser_sink_written_events_total",
  "cloudtaser_sink_queued_events",
  "cloudtaser_sink_errors_total",
  "cloudtaser_sink_dropped_events_total",
] as const;

export function sinkFamilies(readers: MetricReaders, labels: MetricLabels): FamilyOptions[] {
  const perSink = (value: (sink: SinkMetrics) => number) => ({
    labels: ["sink"],
    known: labels.sinks.map((sink) => ({ sink })),
    *read() {
      for (const sink of readers.sinks()) yield { labels: { sink: sink.name }, value: value(sink) };
    },
  });
  return [
    {
      name: metricNames[0],
      help: "Events handed to the operating system.",
      kind: "counter",
      ...perSink(({ written }) => written),
    },
    { name: metricNames[1], help: "Events that wait in the queue.", kind: "gauge", ...perSink(({ queued }) => queued) },
    {
      name: metricNames[2],
      help: "Failed attempts to write or reopen; the events were kept and tried again.",
      kind: "counter",
      ...perSink(({ errors }) => errors),
    },
    {
      name: metricNames[3],
      help: "Events that the sink could not take, by reason.",
      kind: "counter",
      labels: ["sink", "reason"],
      known: labels.sinks.flatMap((sink) => labels.sinkDrops.map((reason) => ({ sink, reason }))),
      *read() {
        for (const { name, dropped } of readers.sinks()) {
          for (const [reason, value] of Object.entries(dropped)) yield { labels: { sink: name, reason }, value };
        }
      },
    },
  ];
}
