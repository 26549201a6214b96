// SPDX-License-Identifier: Apache-2.0
// Which form the agent runs in: the first in which every door is proved, else the one with the most. The signal form,
// which only kills after the fact, is taken by itself only where no door of the others is proved.
import { CloudtaserError } from "../errors/index.js";
import type { Form } from "./doors.js";

/** The doors as they stand in one form, as far as the choice needs to know. */
export interface Candidate {
  readonly tookOver: boolean;
  readonly provedCount: number;
  readonly unproven: readonly string[];
  /** Others have filled the hook of a door, in this form: no fault of the form, and they could do the same in the next. */
  readonly crowded: boolean;
  close(how: "detach"): void;
}

/** The kernel would not have the form at all; everything else that can go wrong is no reason to try another. */
function isRefusal(error: unknown): error is CloudtaserError {
  return error instanceof CloudtaserError && (error.code === "NO_DOORS" || error.code === "LOAD_REFUSED");
}

/** @param forms one that was configured, or those that refuse, best first; then signal is the last resort */
export async function openBest<Opened extends Candidate>(
  forms: readonly Form[],
  lastResort: Form | undefined,
  openIn: (form: Form) => Promise<Opened>,
): Promise<Opened> {
  let best: { form: Form; proved: number } | undefined;
  let refusal: CloudtaserError | undefined;
  for (const form of forms) {
    let opened: Opened;
    try {
      opened = await openIn(form);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal ??= error;
      continue;
    }
    // Protection that was taken over is not thrown away for a proof that failed: it stays, and is not ready. So does one at
    // whose hooks there was no place: a weaker form must not be had by taking the places of a better one.
    if (opened.tookOver || opened.crowded || opened.unproven.length === 0) return opened;
    if (!best || opened.provedCount > best.proved) best = { form, proved: opened.provedCount };
    if (best.proved > 0 && best.form === form && form === forms.at(-1)) return opened;
    opened.close("detach");
  }
  if (best && best.proved > 0) return openIn(best.form);
  if (lastResort !== undefined) {
    try {
      const opened = await openIn(lastResort);
      if (opened.provedCount > 0) return opened;
      opened.close("detach");
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal ??= error;
    }
  }
  if (best) return openIn(best.form);
  throw refusal ?? new CloudtaserError("NO_DOORS", { target: "this kernel" });
}
