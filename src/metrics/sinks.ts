// SPDX-License-Identifier: Apache-2.0
// What became of the events at each sink.

import type { FamilyOptions, HistogramOptions } from "./family.js";
import type { MetricLabels, MetricReaders, SinkMetrics } from "./readers.js";

export const metricNames = [
  "cloudtaser_sink_delivered_events_total",
  "cloudtaser_sink_queued_events",
  "cloudtaser_sink_spool_bytes",
  "cloudtaser_sink_retried_events_total",
  "cloudtaser_sink_errors_total",
  "cloudtaser_sink_last_success_timestamp_seconds",
  "cloudtaser_sink_dropped_events_total",
  "cloudtaser_sink_delivery_seconds",
  "cloudtaser_sink_spool_limit_bytes",
] as const;

export function sinkFamilies(readers: MetricReaders): FamilyOptions[] {
  const perSink = (value: (sink: SinkMetrics) => number) => ({
    labels: ["sink"],
    *read() {
      for (const sink of readers.sinks()) yield { labels: { sink: sink.name }, value: value(sink) };
    },
  });
  return [
    {
      name: metricNames[0],
      help: "Events that the receiver acknowledged, or the operating system where there is none that could.",
      kind: "counter",
      ...perSink(({ delivered }) => delivered),
    },
    {
      name: metricNames[1],
      help: "Events that wait, in memory and in the spool.",
      kind: "gauge",
      ...perSink(({ queued }) => queued),
    },
    {
      name: metricNames[2],
      help: "Bytes in the spool on disk.",
      kind: "gauge",
      ...perSink(({ spoolBytes }) => spoolBytes),
    },
    {
      name: metricNames[3],
      help: "Events that were sent again after a failed attempt.",
      kind: "counter",
      ...perSink(({ retried }) => retried),
    },
    {
      name: metricNames[4],
      help: "Failed attempts to deliver, write or reopen; the events were kept and tried again.",
      kind: "counter",
      ...perSink(({ errors }) => errors),
    },
    {
      name: metricNames[5],
      help: "When something was last delivered, Unix time; 0 for never.",
      kind: "gauge",
      ...perSink(({ lastSuccess }) => lastSuccess / 1000),
    },
    {
      name: metricNames[6],
      help: "Events that the sink could not take or keep, by reason.",
      kind: "counter",
      labels: ["sink", "reason"],
      *read() {
        for (const { name, dropped } of readers.sinks()) {
          for (const [reason, value] of Object.entries(dropped)) yield { labels: { sink: name, reason }, value };
        }
      },
    },
    {
      name: metricNames[8],
      help: "What the spool may hold; 0 for a sink without one.",
      kind: "gauge",
      ...perSink(({ spoolMaxBytes }) => spoolMaxBytes),
    },
  ];
}

/** The first field of that name is the event's own. */
const idOf = (line: string): string => /"id":"([0-9a-f-]{36})"/.exec(line)?.[1] ?? "";

export function latencyFamily(readers: MetricReaders, { latencyBounds }: MetricLabels): HistogramOptions {
  return {
    name: metricNames[7],
    help: "Seconds from the kernel's time stamp of an event to its delivery.",
    kind: "histogram",
    labels: ["sink"],
    bounds: latencyBounds,
    *read() {
      for (const { name, latency } of readers.sinks()) {
        const exemplars = (latency.last ?? []).map((one) =>
          one === undefined ? undefined : { id: idOf(one.line), value: one.seconds, at: one.at / 1000 },
        );
        const { counts, count, sumSeconds } = latency;
        yield { labels: { sink: name }, counts, count, sum: sumSeconds, exemplars };
      }
    },
  };
}
