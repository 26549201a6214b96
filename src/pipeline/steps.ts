// SPDX-License-Identifier: Apache-2.0
// The steps in their order: identify, judge, respond, enrich. Plain functions: what each finds out is a part of the draft.

import { severityOf, type VectorName } from "../vectors/index.js";
import type { KernelOutcome } from "./abi.js";
import type { DecodedEvent } from "./decoded.js";
import type { DropReason, PipelineContext, Verdict } from "./draft.js";
import type { ProcessFacts } from "./facts.js";

export const abiVersion = 1;

export interface Identified {
  vector: VectorName;
  outcome: KernelOutcome;
  hasTarget: boolean;
}

/** Numbers to names. A record that this build does not know is refused by reason, never guessed at. */
export function identify(decoded: DecodedEvent, { abi }: PipelineContext): Identified | DropReason {
  if (decoded.abi !== abiVersion) return "abi_mismatch";
  const vector = abi.vector(decoded.vector);
  if (vector === undefined) return "unknown_vector";
  const outcome = abi.outcome(decoded.outcome);
  if (outcome === undefined) return "unknown_outcome";
  return { vector, outcome, hasTarget: (decoded.flags & abi.flags.has_target) !== 0 };
}

const modes = { denied: "enforce", killed: "enforce", observed: "detect", allowed: undefined } as const;

/** Severity and mode. The mode is read off the outcome, since the configuration may have changed since the kernel decided. */
export function judge(decoded: DecodedEvent, { vector, outcome }: Identified, context: PipelineContext): Verdict {
  const { flags } = context.abi;
  // Enforced in a form that cannot refuse: the operation went on, whatever came after.
  const late = (decoded.flags & flags.late) !== 0;
  return {
    severity: outcome === "allowed" ? "info" : severityOf(vector, decoded.arg[0]),
    mode: late ? "enforce" : (modes[outcome] ?? (context.modeOf(vector) === "enforce" ? "enforce" : "detect")),
    outcome,
    killed: (decoded.flags & flags.killed) !== 0,
    leakWindow: late,
  };
}

/** Kills from user space where policy wants it and the kernel could not. */
export function respond(decoded: DecodedEvent, judged: Verdict, context: PipelineContext): Verdict {
  const wanted = (decoded.flags & context.abi.flags.kill_wanted) !== 0;
  const killed = judged.killed || (wanted && context.kill(decoded.offender));
  return {
    severity: judged.severity,
    mode: judged.mode,
    // A kill that neither the kernel nor we could send: the attempt was only seen.
    outcome: judged.outcome === "killed" && !killed ? "observed" : judged.outcome,
    killed,
    // Killed for something that was let through: the data may be gone already.
    leakWindow: judged.leakWindow || (killed && judged.outcome !== "denied"),
  };
}

/** Facts from the caches. Ancestors only of the offender: they are who to look for. */
export function enrich(
  decoded: DecodedEvent,
  { hasTarget }: Identified,
  { facts }: PipelineContext,
): { offender: ProcessFacts; target: ProcessFacts | undefined } {
  return {
    offender: facts.of(decoded.offender, true),
    target: hasTarget ? facts.of(decoded.target, false) : undefined,
  };
}
