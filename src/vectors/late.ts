// SPDX-License-Identifier: Apache-2.0
// Vectors whose harm is done within the one system call: where nothing can be refused (signal form), killing the offender
// afterwards gives nothing back. Of the others, the call only opens the way, and the offender dies before it is used.

import type { VectorName } from "./table.js";

const doneAtOnce: ReadonlySet<VectorName> = new Set([
  "pidfd_getfd", // into a descriptor table that the offender may share with others
  "process_madvise",
  "coredump_signal",
  "coredump_limits",
  "module_load",
  "kexec",
  "swap_on",
  "hibernate",
]);

export const isDoneAtOnce = (vector: VectorName): boolean => doneAtOnce.has(vector);
