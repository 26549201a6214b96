// SPDX-License-Identifier: Apache-2.0
// Attempts by vector and outcome, counted in the kernel: exact even when events were lost on the way.

import { vectorNames } from "../vectors/index.js";
import type { FamilyOptions } from "./family.js";
import type { MetricReaders } from "./readers.js";

export const metricNames = ["cloudtaser_events_total"] as const;

const outcomes = ["observed", "denied", "killed", "allowed"];

export function eventFamilies(readers: MetricReaders): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "Attempts that a guard decided about, by vector and outcome.",
      kind: "counter",
      labels: ["vector", "outcome"],
      known: vectorNames.flatMap((vector) => outcomes.map((outcome) => ({ vector, outcome }))),
      *read() {
        for (const { vector, outcome, count } of readers.events()) yield { labels: { vector, outcome }, value: count };
      },
    },
  ];
}
