// SPDX-License-Identifier: Apache-2.0
// What the signal form is worth for each vector: it refuses nothing and kills the offender afterwards. Tried in
// test/matrix/late.ts where no reason stands beside the name.

import { type VectorName, vectorEntry } from "./table.js";

/** The kernel gives a dying process nothing of these: it checks for SIGKILL before it copies memory, or on the way. */
const inTime: ReadonlySet<VectorName> = new Set([
  "ptrace_seize", // the tracer is gone before it can ask for anything
  "procmem_read",
  "procmem_stale_fd",
  "environ_read",
  "process_vm_read",
  "process_vm_write",
  "ns_enter", // entered by a thread that never returns
  "bpf_load",
]);

/** @param worth what the weakest door says of itself */
export function lateWorth(vector: VectorName, kill: boolean, worth: string): string {
  if (vector === "pin_remove") return "nothing is pinned in this form, so there is nothing to remove";
  if (vector === "preload" || vectorEntry(vector).scope === "own")
    return kill ? worth : "reported only: the offender would be the protected process itself";
  return inTime.has(vector) ? worth : `${worth}; the effect may stay`;
}
