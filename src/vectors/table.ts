// SPDX-License-Identifier: Apache-2.0
// THE table: what each attack vector means. Keyed by the lower-case name of enum ct_vector in bpf/abi.h, whose numbers live
// there alone. Configuration, command line, metrics, documents, self-test and tests are derived from it.

import { agentVectors } from "./agent.js";
import { channelVectors } from "./channels.js";
import type { VectorEntry } from "./entry.js";
import { leakVectors } from "./leaks.js";
import { machineVectors } from "./machine.js";
import { nodeVectors } from "./node.js";
import { objectVectors } from "./objects.js";
import { processVectors } from "./process.js";
import { reachVectors } from "./reach.js";

export const vectorTable = {
  ...processVectors,
  ...reachVectors,
  ...nodeVectors,
  ...machineVectors,
  ...agentVectors,
  ...objectVectors,
  ...channelVectors,
  ...leakVectors,
} as const;

export type VectorName = keyof typeof vectorTable;
export type EventType = (typeof vectorTable)[VectorName]["eventType"];

/** In the order of the table. */
export const vectorNames = Object.keys(vectorTable) as readonly VectorName[];

export function isVectorName(name: string): name is VectorName {
  return Object.hasOwn(vectorTable, name);
}

/** The row, with the wide type: args and name are there to ask for on every one. */
export function vectorEntry(name: VectorName): VectorEntry & { eventType: EventType } {
  return vectorTable[name];
}
