// SPDX-License-Identifier: Apache-2.0
// Roads that a 6.12 kernel on arm64 does not have, and why. Nothing else may be left untried there.

import { impossible } from "./exceptions.js";

const noRegisters = "the processor has no model-specific registers";
const noPorts = "the processor has no ports";
const noSwitch = "preemption is fixed when that kernel is built";

const roads: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["default", "fresh_node", "opath", "io_uring_async"].map((road) => [`msr_io/${road}`, noRegisters]),
  ),
  "msr_io/ioperm": noPorts,
  "msr_io/iopl": noPorts,
  "msr_io/pci_procfs": "configuration is in sysfs alone there",
  "kexec/kexec_file_load": "Debian builds that kernel without the call",
  "hooks_off/preempt": noSwitch,
  "hooks_off/preempt_second_debugfs": noSwitch,
  "chan_shared_map/shmat_ipc": "ipc() is a call of 32-bit programs",
};

/** undefined for a road that is there. */
export function absentOnArm64(vector: string, road: string): string | undefined {
  if (/(^|_)compat(_|$)/.test(road)) return "a 64-bit program has no way to 32-bit calls";
  if (impossible[`${vector}/${road}`]?.includes("6.12")) return "no 6.12 kernel has it";
  return roads[`${vector}/${road}`];
}
