// SPDX-License-Identifier: Apache-2.0
// What a verification comes to.

/** complete: every line is there as it was written, up to the last checkpoint of each run. incomplete: lines are missing, and the agent
 *  told that it lost as many. unsigned: a chain, but nobody signed it, or not one of the runs in it. */
export type Verdict = "complete" | "incomplete" | "altered" | "unsigned";

export interface Finding {
  verdict: "note" | "unsigned" | "incomplete" | "altered";
  /** FILE:LINE */
  at: string;
  text: string;
}

export interface VerifyResult {
  verdict: Verdict;
  /** Public key that signed; undefined if nothing is signed. */
  key: string | undefined;
  /** The key came from the caller, not from the log itself. */
  keyGiven: boolean;
  lines: number;
  repeated: number;
  runs: number;
  /** Good ones. */
  checkpoints: number;
  /** Lines after the last good checkpoint. */
  unsigned: number;
  /** Lines behind the last good checkpoint of runs before the last one, which crashed: whoever could write the log could make
   *  them up. */
  unsignedBefore: { lines: number; at: string };
  last: { at: string; seq: number; hash: string } | undefined;
  /** In the order of their discovery. */
  findings: readonly Finding[];
  /** Findings beyond those that are kept. */
  leftOut: number;
}

export function worstOf(findings: readonly Finding[]): Verdict {
  const worst = (["altered", "incomplete", "unsigned"] as const).find((one) =>
    findings.some(({ verdict }) => verdict === one),
  );
  return worst ?? "complete";
}
