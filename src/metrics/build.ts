// SPDX-License-Identifier: Apache-2.0
// What runs, in which mode, and whether it guards.

import type { FamilyOptions } from "./family.js";
import type { MetricReaders } from "./readers.js";

export const metricNames = ["cloudtaser_build_info", "cloudtaser_enforcement_mode", "cloudtaser_ready"] as const;

export function buildFamilies(readers: MetricReaders): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "Always 1; the labels say which build runs.",
      kind: "gauge",
      labels: ["version", "libbpf", "node"],
      read: () => [{ labels: readers.build, value: 1 }],
    },
    {
      name: metricNames[1],
      help: "1 for the global mode in force, 0 for the other.",
      kind: "gauge",
      labels: ["mode"],
      read: () => ["detect", "enforce"].map((mode) => ({ labels: { mode }, value: mode === readers.mode() ? 1 : 0 })),
    },
    {
      name: metricNames[2],
      help: "1 if the agent is ready, as /readyz says: every door is proved, or idle and proved when it was last on, or cannot be tried and canary.untried is accept; and with kubernetes the API server has told the pods of the node.",
      kind: "gauge",
      read: () => [{ value: readers.ready() ? 1 : 0 }],
    },
  ];
}
