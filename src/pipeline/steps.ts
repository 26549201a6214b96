// SPDX-License-Identifier: Apache-2.0
// The steps in their order: identify, judge, respond, enrich. Plain functions from a draft and the context to the next draft.

import { severityOf } from "../vectors/index.js";
import type { DecodedEvent } from "./decoded.js";
import type { Draft, DropReason, PipelineContext } from "./draft.js";

export const abiVersion = 1;

type Identified = Pick<Draft, "decoded" | "vector" | "outcome" | "hasTarget">;

/** Numbers to names. A record that this build does not know is refused by reason, never guessed at. */
export function identify(decoded: DecodedEvent, { abi }: PipelineContext): Identified | DropReason {
  if (decoded.abi !== abiVersion) return "abi_mismatch";
  const vector = abi.vector(decoded.vector);
  if (vector === undefined) return "unknown_vector";
  const outcome = abi.outcome(decoded.outcome);
  if (outcome === undefined) return "unknown_outcome";
  return { decoded, vector, outcome, hasTarget: (decoded.flags & abi.flags.has_target) !== 0 };
}

/** Facts from the caches. Ancestors only of the offender: they are who to look for. */
export function enrich<Before extends Identified>(draft: Before, { facts }: PipelineContext) {
  return {
    ...draft,
    offenderFacts: facts.of(draft.decoded.offender, true),
    targetFacts: draft.hasTarget ? facts.of(draft.decoded.target, false) : undefined,
  };
}

/** Severity and mode. The mode is read off the outcome, since the configuration may have changed since the kernel decided. */
export function judge<Before extends Identified>(draft: Before, { abi, modeOf }: PipelineContext) {
  // Enforced in a form that cannot refuse: the operation went on, whatever came after.
  const late = (draft.decoded.flags & abi.flags.late) !== 0;
  const byOutcome = { denied: "enforce", killed: "enforce", observed: "detect", allowed: undefined } as const;
  const now = modeOf(draft.vector) === "enforce" ? ("enforce" as const) : ("detect" as const);
  return {
    ...draft,
    verdict: {
      severity: draft.outcome === "allowed" ? ("info" as const) : severityOf(draft.vector, draft.decoded.arg[0]),
      mode: late ? "enforce" : (byOutcome[draft.outcome] ?? now),
      outcome: draft.outcome,
      killed: (draft.decoded.flags & abi.flags.killed) !== 0,
      leakWindow: late,
    },
  };
}

/** Kills from user space where policy wants it and the kernel could not. */
export function respond<Before extends Identified & Pick<Draft, "verdict">>(draft: Before, context: PipelineContext) {
  const wanted = (draft.decoded.flags & context.abi.flags.kill_wanted) !== 0;
  const killed = draft.verdict.killed || (wanted && context.kill(draft.decoded.offender));
  // A kill that neither the kernel nor we could send: the attempt was only seen.
  const outcome = draft.outcome === "killed" && !killed ? ("observed" as const) : draft.verdict.outcome;
  // Killed for something that was let through: the data may be gone already.
  const leakWindow = draft.verdict.leakWindow || (killed && draft.outcome !== "denied");
  return { ...draft, verdict: { ...draft.verdict, outcome, killed, leakWindow } };
}
