// SPDX-License-Identifier: Apache-2.0
// What came of an attack by one road, of all roads of a vector, and of the whole run; and the exit status for it.

import { exitCodes } from "../errors/index.js";

/** From worst to best. */
export const selftestOutcomes = [
  "not_stopped",
  "inconclusive",
  "observed",
  "killed",
  "refused",
  "refused_by_kernel",
  "not_applicable",
] as const;
export type SelftestOutcome = (typeof selftestOutcomes)[number];

/** In words, for people. */
export const outcomeWords: Readonly<Record<SelftestOutcome, string>> = {
  not_stopped: "NOT STOPPED",
  inconclusive: "inconclusive",
  observed: "observed",
  killed: "killed",
  refused: "refused",
  refused_by_kernel: "refused by the kernel",
  not_applicable: "not applicable here",
};

/** undefined for an empty list. */
export function worstOf<Row extends { outcome: SelftestOutcome }>(rows: readonly Row[]): Row | undefined {
  const rank = ({ outcome }: Row): number => selftestOutcomes.indexOf(outcome);
  return rows.reduce<Row | undefined>(
    (worst, row) => (worst === undefined || rank(row) < rank(worst) ? row : worst),
    undefined,
  );
}

/** 0 if whatever applies was refused or its attacker killed. Nothing tried at all shows nothing. */
export function exitStatusOf(outcomes: readonly SelftestOutcome[]): number {
  const worst = worstOf(outcomes.map((outcome) => ({ outcome })))?.outcome;
  switch (worst) {
    case "not_stopped":
      return exitCodes.failed;
    case "observed":
      return exitCodes.onlyObserved;
    case "refused":
    case "killed":
    case "refused_by_kernel":
      return 0;
    default:
      return exitCodes.unproven;
  }
}
