// SPDX-License-Identifier: Apache-2.0
// What was lost between the kernel and the sinks. A loss is of reports, never of verdicts.

import type { FamilyOptions } from "./family.js";
import type { MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = ["cloudtaser_lost_total", "cloudtaser_pipeline_dropped_total"] as const;

export function lossFamilies(readers: MetricReaders, labels: MetricLabels): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "What the kernel side could not do, by reason.",
      kind: "counter",
      labels: ["reason"],
      known: labels.losses.map((reason) => ({ reason })),
      *read() {
        for (const { reason, count } of readers.losses()) yield { labels: { reason }, value: count };
      },
    },
    {
      name: metricNames[1],
      help: "Kernel records that user space could not publish, by reason.",
      kind: "counter",
      labels: ["reason"],
      known: labels.pipelineDrops.map((reason) => ({ reason })),
      *read() {
        for (const { reason, count } of readers.pipelineDrops()) yield { labels: { reason }, value: count };
      },
    },
  ];
}
