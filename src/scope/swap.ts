// SPDX-License-Identifier: Apache-2.0
// Swap of a control group: switched off only where all of its processes are of one protected workload, since it is a
// setting of the group and not of a process. What was swapped out before stays on the disk until it is used.
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { processesOfCgroup } from "./targets.js";

export interface CgroupSwap {
  before: string;
  /** Inode of the group's directory: one that was made again at that path has another, and swap as its maker wants it. */
  inode: number;
  /** Processes for which it was switched off. */
  users: number;
}

const cgroupRoot = "/sys/fs/cgroup";

const fileOf = (path: string): string => join(cgroupRoot, path, "memory.swap.max");

/** Control group of a process in the unified hierarchy. */
export function cgroupOf(pid: number): string {
  const line = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
  if (line === undefined) throw new Error("it is in no control group of the unified hierarchy");
  return line;
}

/** Why swap cannot be switched off there for these processes alone; "" if it can. */
export function offers(path: string, members: ReadonlySet<number>): string {
  if (path === "/") return "it is in the root control group";
  const strangers = processesOfCgroup(path).filter((pid) => !members.has(pid));
  return strangers.length === 0 ? "" : `its control group holds ${strangers.length} processes of others`;
}

/** undefined: there is no such group. */
export const inodeOf = (path: string): number | undefined =>
  statSync(join(cgroupRoot, path), { throwIfNoEntry: false })?.ino;

export function readSwap(path: string): string {
  try {
    return readFileSync(fileOf(path), "utf8").trim();
  } catch (cause) {
    throw new Error("its control group has no memory.swap.max (the memory controller is not enabled for it)", {
      cause,
    });
  }
}

export function writeSwap(path: string, value: string): void {
  const fd = openSync(fileOf(path), "r+");
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}
