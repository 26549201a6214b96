// SPDX-License-Identifier: Apache-2.0
// The last whole selftest: when it was, and what came of how many vectors; which ones stands in its evidence.

import type { FamilyOptions } from "./family.js";
import type { MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_selftest_last_run_timestamp_seconds",
  "cloudtaser_selftest_vectors",
  "cloudtaser_selftest_failures_total",
] as const;

export function selftestFamilies(readers: MetricReaders, labels: MetricLabels): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "When the last whole selftest began, Unix time; 0 for none since the agent's start.",
      kind: "gauge",
      read: () => [{ value: readers.selftest().lastRun }],
    },
    {
      name: metricNames[1],
      help: "Vectors whose worst road had that outcome in the last whole selftest.",
      kind: "gauge",
      labels: ["outcome"],
      known: labels.selftestOutcomes.map((outcome) => ({ outcome })),
      *read() {
        const outcomes = [...readers.selftest().outcomes];
        for (const outcome of labels.selftestOutcomes) {
          yield { labels: { outcome }, value: outcomes.filter((one) => one.outcome === outcome).length };
        }
      },
    },
    {
      name: metricNames[2],
      help: "Selftests that the agent meant to make by itself and could not make or keep.",
      kind: "counter",
      read: () => [{ value: readers.selftest().failures }],
    },
  ];
}
