// SPDX-License-Identifier: Apache-2.0
// What doctor's findings come to: one sentence, and the exit status.

import { exitCodes } from "../errors/index.js";
import type { FormTrial } from "../kernel/diagnose.js";
import type { Finding } from "./doctor.js";

export const chosenTrial = ({ diagnosis }: Pick<Finding, "diagnosis">): FormTrial | undefined =>
  diagnosis?.trials.find(({ form }) => form === diagnosis.chosen);

/** The doors that decide: the agent's, or those of the form that it would choose. */
export const decidingDoors = (finding: Finding) => finding.agent?.doors ?? chosenTrial(finding)?.doors ?? [];

/** Why no secret can be looked for; "" if they can, undefined if that was not tried. */
export const secretsProblem = (finding: Finding): string | undefined =>
  finding.agent?.secrets.unsupported ?? chosenTrial(finding)?.secrets;

function sound(finding: Finding): boolean {
  const doors = decidingDoors(finding);
  return doors.length > 0 && doors.every((door) => door.proved && door.soundness === "sound");
}

/** 0 if every door is proved in a sound form. */
export function doctorStatus(finding: Finding): number {
  if (sound(finding)) return 0;
  if (!finding.facts.root) return exitCodes.forbidden;
  if (finding.diagnosis !== undefined && finding.diagnosis.chosen === undefined) return exitCodes.unsupported;
  const possible = finding.facts.btf && (finding.agent !== undefined || !finding.lockedOut);
  return possible ? exitCodes.unproven : exitCodes.unsupported;
}

export function verdict(finding: Finding): { good: boolean; text: string } {
  const doors = decidingDoors(finding);
  const form = finding.agent?.form ?? finding.diagnosis?.chosen;
  const proved = doors.filter((door) => door.proved).length;
  if (finding.untried !== undefined) return { good: false, text: `The doors were not tried: ${finding.untried}.` };
  if (sound(finding))
    return { good: true, text: `All ${proved} doors are proved in the ${form} form, which is sound here.` };
  if (proved === 0) return { good: false, text: "No door works on this kernel as it is: nothing can be guarded." };
  if (proved < doors.length) {
    return { good: false, text: `Only ${proved} of ${doors.length} doors are proved, in the ${form} form.` };
  }
  if (form === "signal") {
    return {
      good: false,
      text: `All ${proved} doors are proved in the signal form, which refuses nothing: it kills after the fact.`,
    };
  }
  return {
    good: false,
    text: `All ${proved} doors are proved in the ${form} form, but under load this kernel may skip one: it can preempt the guard.`,
  };
}
