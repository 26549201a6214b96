// SPDX-License-Identifier: Apache-2.0
// What this kernel can do, tried: every door in both forms, with its proof, and all taken off again. The policy stays at
// zero (off), so that nothing on the machine is refused but the canary's own attempts.

import { CloudtaserError } from "../errors/index.js";
import type { DoorStatus, Form } from "./doors.js";
import type { Native } from "./native.js";
import type { ObjectSource } from "./objects.js";
import { openKernel } from "./open.js";
import { canaryPath } from "./paths.js";
import { formsToTry, type KernelFacts } from "./probe.js";

export interface FormTrial {
  form: Form;
  /** Why nothing could be loaded in this form; undefined if something was. */
  problem: CloudtaserError | undefined;
  doors: DoorStatus[];
  /** Why no secret can be matched in this form; "" if they can. */
  secrets: string;
}

export interface Diagnosis {
  /** The kernel is built with the BPF LSM, active or not. */
  bpfLsm: boolean;
  trials: FormTrial[];
  /** What the agent would choose by itself; undefined if no door is proved in any form. */
  chosen: Form | undefined;
}

export interface DiagnoseOptions {
  native: Native;
  facts: KernelFacts;
  objects: ObjectSource;
  onProgress?: (form: Form) => void;
}

export const provedDoors = (trial: FormTrial): number => trial.doors.filter((door) => door.proved).length;

async function tryForm(form: Form, { native, facts, objects }: DiagnoseOptions): Promise<FormTrial> {
  try {
    const kernel = await openKernel({
      native,
      // Without bpffs nothing is pinned, and nothing that is pinned there is touched.
      facts: { ...facts, bpffs: false },
      objects,
      canary: canaryPath(),
      form,
      pinPath: "/nonexistent",
      onEvents: () => {},
    });
    try {
      return { form, problem: undefined, doors: kernel.doors, secrets: kernel.leaks.tryOut() };
    } finally {
      kernel.close("detach");
    }
  } catch (error) {
    if (!(error instanceof CloudtaserError) || error.code.startsWith("OBJECT_")) throw error;
    return { form, problem: error, doors: [], secrets: error.message };
  }
}

/** Throws OBJECT_MISSING, OBJECT_ALTERED, OBJECT_DAMAGED, OBJECT_MISMATCH: with the files at fault, the kernel cannot be judged. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const trials: FormTrial[] = [];
  for (const form of ["lsm", "fmod_ret"] as const) {
    options.onProgress?.(form);
    trials.push(await tryForm(form, options));
  }
  if (trials.every((trial) => provedDoors(trial) === 0)) {
    options.onProgress?.("signal");
    trials.push(await tryForm("signal", options));
  }
  const candidates = [...formsToTry(options.facts), "signal" as const]
    .map((form) => trials.find((trial) => trial.form === form))
    .filter((trial) => trial !== undefined);
  const most = Math.max(...candidates.map(provedDoors));
  const chosen = most > 0 ? candidates.find((trial) => provedDoors(trial) === most)?.form : undefined;
  return { bpfLsm: options.native.kernelHasFunction("bpf_lsm_file_open"), trials, chosen };
}
