// SPDX-License-Identifier: Apache-2.0
// Whether this kernel may preempt a guard, on which the soundness of fmod_ret rests. Root may change it at run time
// through debugfs, so it is read again at each round of the canary.
import { readFileSync } from "node:fs";
import { release, version } from "node:os";

export interface Preemption {
  /** none, voluntary, full or lazy; "unknown" counts as preempting. */
  mode: string;
  /** The kernel may put a task aside while a guard runs for it. */
  preempts: boolean;
}

const debugfsSwitch = "/sys/kernel/debug/sched/preempt";

/** "none [voluntary] full" → "voluntary" */
export const chosenOf = (text: string | undefined): string | undefined => text?.match(/[[(](\w+)[\])]/)?.[1];

/**
 * @param build uname -v, such as "#1 SMP PREEMPT_DYNAMIC Debian 6.12.9-1"
 * @param debugfs content of sched/preempt in debugfs, if readable
 */
export function preemptionOf(build: string, debugfs: string | undefined, kernelRelease: string): string {
  const now = chosenOf(debugfs);
  if (now) return now;
  if (/PREEMPT_RT/.test(build)) return "full";
  if (/PREEMPT_DYNAMIC/.test(build)) {
    // Switchable at run time and the switch cannot be read: full counts, since root can choose it.
    const [major = 0, minor = 0] = kernelRelease.split(".").map(Number);
    return major > 6 || (major === 6 && minor >= 13) ? "lazy" : "unknown";
  }
  return /PREEMPT/.test(build) ? "full" : "none";
}

export function readPreemption(): Preemption {
  let debugfs: string | undefined;
  try {
    debugfs = readFileSync(debugfsSwitch, "utf8").trim();
  } catch {
    // No debugfs: the build alone tells.
  }
  const mode = preemptionOf(version(), debugfs, release());
  // "voluntary" cannot preempt inside the kernel.
  return { mode, preempts: mode !== "none" && mode !== "voluntary" };
}
