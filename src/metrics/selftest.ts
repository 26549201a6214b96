// SPDX-License-Identifier: Apache-2.0
// The last whole selftest: when it was, and what came of each vector.

import { vectorNames } from "../vectors/index.js";
import type { FamilyOptions } from "./family.js";
import type { MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_selftest_last_run_timestamp_seconds",
  "cloudtaser_selftest_outcome",
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
      help: "1 for what came of the vector's worst road in the last whole selftest, 0 for the other outcomes.",
      kind: "gauge",
      labels: ["vector", "outcome"],
      known: vectorNames.flatMap((vector) => labels.selftestOutcomes.map((outcome) => ({ vector, outcome }))),
      *read() {
        for (const { vector, outcome } of readers.selftest().outcomes) yield { labels: { vector, outcome }, value: 1 };
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
