// SPDX-License-Identifier: Apache-2.0
// The result of a run as it is printed, kept as evidence and told to the agent. Holds no token and nothing that was read.

import type { VectorName } from "../vectors/index.js";
import type { SelftestOutcome } from "./outcome.js";

export const selftestSchemaName = "cloudtaser.selftest/v1";

/** The workload of the canary, in the events that its attackers cause. */
export const selftestWorkload = "cloudtaser-selftest";

export type Attacker = "root" | "nobody";

/** The event that an attack caused: enough to find it in a SIEM. */
export interface EventReference {
  id: string;
  seq: number;
  time: string;
  outcome: string;
  killed: boolean;
  error: string | null;
}

export interface RoadResult {
  road: string;
  /** null for a road that is not taken on a live node. */
  attacker: Attacker | null;
  outcome: SelftestOutcome;
  /** Why, where the outcome alone does not say it; else "". */
  reason: string;
  /** What the attacker was told: "EPERM" …, "" for nothing. */
  errno: string;
  event: EventReference | null;
  /** Whether root reached an unprotected process by the same road; null where nothing is compared. */
  control: "reached" | "not reached" | null;
}

export interface VectorResult {
  vector: VectorName;
  mode: string;
  kill: boolean;
  /** That of the worst road. */
  outcome: SelftestOutcome;
  reason: string;
  worst: { road: string; attacker: Attacker | null } | null;
  roads: RoadResult[];
}

export interface SelftestResult {
  schema: typeof selftestSchemaName;
  /** ISO times. */
  started: string;
  finished: string;
  node: string;
  version: string;
  kernel: string;
  form: string;
  /** The agent's global mode. */
  mode: string;
  /** Every vector was tried, not a choice of them. */
  whole: boolean;
  agent: { pid: number; ready: boolean; notReady: string[] };
  /** At least one attack on the canary made an event. */
  eventsHeard: boolean;
  /** Events were lost while it ran, or the stream of events was cut: some may be missing. */
  eventsLost: boolean;
  exitStatus: number;
  vectors: VectorResult[];
}

/** What the agent's metrics take of a result. */
export const reportOf = ({ started, vectors }: SelftestResult): { time: string; outcomes: Record<string, string> } => ({
  time: started,
  outcomes: Object.fromEntries(vectors.map(({ vector, outcome }) => [vector, outcome])),
});
