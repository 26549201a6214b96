// SPDX-License-Identifier: Apache-2.0
// Each door as it is told of: whether it stands, was proved, can be left out, and why not.
import { type DoorStatus, soundnessOf } from "./doors.js";
import type { Proving } from "./proving.js";
import type { Standing } from "./standing.js";

/** @param preempts whether programs can be interrupted by others on their processor */
export function doorStatuses(standing: Standing, proving: Proving, preempts: boolean): DoorStatus[] {
  const attached = new Set(standing.attached);
  return standing.doors.map((door) => {
    const failure = standing.failureOf(door);
    const proof = proving.of(door);
    return {
      door,
      form: standing.form,
      attached: attached.has(door),
      idle: failure === undefined && !attached.has(door),
      proved: failure === undefined && proof?.proved === true,
      untried: failure === undefined && proving.untried(door),
      reason: failure?.reason ?? proof?.reason ?? "not proved yet",
      soundness: soundnessOf(standing.form, preempts),
      recursionMisses: standing.recursionMissesOf(door),
      log: failure?.log ?? "",
    };
  });
}
