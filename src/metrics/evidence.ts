// SPDX-License-Identifier: Apache-2.0
// The chain of events: whether it is signed, when it was last, and how this run's beginning follows on the run before.

import type { FamilyOptions } from "./family.js";
import type { MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_evidence_signed",
  "cloudtaser_evidence_last_checkpoint_timestamp_seconds",
  "cloudtaser_evidence_checkpoint_interval_seconds",
  "cloudtaser_evidence_run_before",
] as const;

/** How the run before ended, as far as the agent's memory says. */
export const runsBefore = ["stopped", "crashed", "unknown"] as const;

export function evidenceFamilies(readers: MetricReaders): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "1 if checkpoints are signed; 0 if the agent has no usable key.",
      kind: "gauge",
      read: () => [{ value: readers.evidence().signed ? 1 : 0 }],
    },
    {
      name: metricNames[1],
      help: "When the last checkpoint went into the stream, Unix time; 0 for never.",
      kind: "gauge",
      read: () => [{ value: readers.evidence().lastCheckpoint }],
    },
    {
      name: metricNames[2],
      help: "Seconds between two checkpoints, as configured.",
      kind: "gauge",
      read: () => [{ value: readers.evidence().intervalSeconds }],
    },
    {
      name: metricNames[3],
      help: "1 for how the run before ended: in order, without its last checkpoint, or nothing is remembered of it (as at the first start).",
      kind: "gauge",
      labels: ["end"],
      known: runsBefore.map((end) => ({ end })),
      *read() {
        const { before } = readers.evidence();
        for (const end of runsBefore) yield { labels: { end }, value: end === before ? 1 : 0 };
      },
    },
  ];
}
