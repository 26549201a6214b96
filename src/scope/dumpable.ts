// SPDX-License-Identifier: Apache-2.0
// Whether a process may be dumped and looked at. Nobody can change that from outside, and exec sets it back, so it is
// only told: what is left open until the program clears it itself.
import { statSync } from "node:fs";
import { readSmall } from "./proc-file.js";

/** Throws the reason why it stays as it is, or why nobody can tell, unless the process has cleared it. */
export function checkUndumpable(pid: number): void {
  const euid = /^Uid:\s+\d+\s+(\d+)/m.exec(readSmall(`/proc/${pid}/status`))?.[1];
  // The kernel gives the files of a process that may not be dumped to root, whoever runs it.
  const owner = statSync(`/proc/${pid}/environ`).uid;
  const only = "only the program itself can clear it (prctl PR_SET_DUMPABLE)";
  if (euid === "0") throw new Error(`${only}; of a process of root nobody can see whether it has`);
  if (owner !== 0) throw new Error(only);
}
