// SPDX-License-Identifier: Apache-2.0
// How many processes are protected, and how full the event ring is.

import type { FamilyOptions } from "./family.js";
import type { MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_protected_processes",
  "cloudtaser_hardening_total",
  "cloudtaser_ring_size_bytes",
  "cloudtaser_ring_used_bytes",
] as const;

export function scopeFamilies(readers: MetricReaders): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "Processes in scope now.",
      kind: "gauge",
      read: () => [{ value: readers.protectedProcesses() }],
    },
    {
      name: metricNames[1],
      help: "Core limit, core dump filter, swap and dumpable of processes when their protection began and ended, by outcome.",
      kind: "counter",
      labels: ["kind", "outcome"],
      *read() {
        for (const { kind, outcome, count } of readers.hardening()) yield { labels: { kind, outcome }, value: count };
      },
    },
    {
      name: metricNames[2],
      help: "Size of the ring that carries events out of the kernel.",
      kind: "gauge",
      read: () => [{ value: readers.ring().sizeBytes }],
    },
    {
      name: metricNames[3],
      help: "Bytes of that ring that wait to be read; NaN while the agent stops.",
      kind: "gauge",
      read: () => [{ value: readers.ring().usedBytes ?? Number.NaN }],
    },
  ];
}
