// SPDX-License-Identifier: Apache-2.0
// From the roads of a vector to the vector: the worst road is what counts, and a vector of which nothing reached the
// unprotected neighbour has shown nothing.

import type { VectorName } from "../vectors/index.js";
import { worstOf } from "./outcome.js";
import type { RoadResult, VectorResult } from "./result.js";

export interface VectorFacts {
  vector: VectorName;
  scope: "process" | "node" | "own";
  mode: string;
  kill: boolean;
}

export function summarise({ vector, scope, mode, kill }: VectorFacts, roads: RoadResult[]): VectorResult {
  const base = { vector, mode, kill, roads };
  if (roads.length === 0)
    return { ...base, outcome: "inconclusive", reason: "no attack program for it is installed", worst: null };
  const worst = worstOf(roads) as RoadResult;
  const tried = roads.some(({ attacker }) => attacker !== null);
  const shown = scope === "node" || roads.some(({ control }) => control === "reached");
  // Of a road that went through nothing need be compared.
  if (tried && !shown && worst.outcome !== "not_stopped") {
    const reason = `no road of it reached an unprotected process here: ${worst.reason}`;
    return { ...base, outcome: "inconclusive", reason, worst: { road: worst.road, attacker: worst.attacker } };
  }
  return {
    ...base,
    outcome: worst.outcome,
    reason: worst.reason,
    worst: { road: worst.road, attacker: worst.attacker },
  };
}
