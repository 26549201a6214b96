// SPDX-License-Identifier: Apache-2.0
// Who has a process's memory open, by a descriptor from before its guards stood: the descriptors of every thread of every
// other process. One that lies in the queue of a socket, or in an io_uring ring, is in nobody's list and is not seen.
import { setImmediate } from "node:timers/promises";
import { linksOf, numbersIn, ofMemory, type Procfs, procfs } from "./surroundings.js";

/** Pids other than `pid` that have its memory open, in ascending order. */
export async function holdersOf(pid: number, proc: Procfs = procfs): Promise<number[]> {
  const found: number[] = [];
  for (const other of numbersIn(proc, "/proc")) {
    if (other === pid) continue;
    await setImmediate();
    // A thread can have a table of descriptors of its own.
    const tables = numbersIn(proc, `/proc/${other}/task`).map((thread) => `/proc/${other}/task/${thread}/fd`);
    if (tables.some((table) => holds(proc, table, pid))) found.push(other);
  }
  return found;
}

function holds(proc: Procfs, table: string, pid: number): boolean {
  for (const [, to] of linksOf(proc, table)) {
    const [, owner, file] = ofMemory.exec(to) ?? [];
    if (file === "mem" && Number(owner) === pid) return true;
  }
  return false;
}
