// SPDX-License-Identifier: Apache-2.0
// Attempts by vector and outcome, counted in the kernel: exact even when events were lost on the way.

import { isVectorName, type VectorEntry, vectorEntry, vectorNames } from "../vectors/index.js";
import type { FamilyOptions } from "./family.js";
import type { MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_events_total",
  "cloudtaser_allowed_total",
  "cloudtaser_notices_total",
  "cloudtaser_leak_windows_total",
] as const;

/** What an attempt can be on. */
const scopes = ["process", "node", "own"] as const satisfies VectorEntry["scope"][];

const scopeOf = (vector: string) => (isVectorName(vector) ? vectorEntry(vector).scope : undefined);

function allowedOn(scope: VectorEntry["scope"], events: ReturnType<MetricReaders["events"]>): bigint {
  let sum = 0n;
  for (const { vector, outcome, count } of events) {
    if (outcome === "allowed" && scopeOf(vector) === scope) sum += count;
  }
  return sum;
}

export function eventFamilies(readers: MetricReaders, { outcomes, notices }: MetricLabels): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "Attempts that a guard decided about, by vector and outcome, without those that an allow list let pass.",
      kind: "counter",
      labels: ["vector", "outcome"],
      known: vectorNames.flatMap((vector) => outcomes.map((outcome) => ({ vector, outcome }))),
      *read() {
        for (const { vector, outcome, count } of readers.events()) {
          if (outcomes.includes(outcome)) yield { labels: { vector, outcome }, value: count };
        }
      },
    },
    {
      name: metricNames[1],
      help: "Attempts that an allow list let pass, by what they were on: a protected process, the node, or the process itself.",
      kind: "counter",
      labels: ["scope"],
      known: scopes.map((scope) => ({ scope })),
      *read() {
        const events = [...readers.events()];
        for (const scope of scopes) yield { labels: { scope }, value: allowedOn(scope, events) };
      },
    },
    {
      name: metricNames[2],
      help: "Events of the agent's own, by type: guards that did not act, losses, starts and stops, checkpoints.",
      kind: "counter",
      labels: ["type"],
      known: notices.map((type) => ({ type })),
      *read() {
        for (const { type, count } of readers.notices()) {
          if (notices.includes(type)) yield { labels: { type }, value: count };
        }
      },
    },
    {
      name: metricNames[3],
      help: "Attempts that were answered after the fact: data may have moved before the response.",
      kind: "counter",
      read: () => [{ value: readers.leakWindows() }],
    },
  ];
}
