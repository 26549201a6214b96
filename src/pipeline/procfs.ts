// SPDX-License-Identifier: Apache-2.0
// The few reads of procfs that enrichment makes. Only files that no process can make hang: the command line is left out because
// reading it takes the other process's memory lock, and stat() of an executable may ask a FUSE server, both in an attacker's hand.

import { closeSync, openSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

export interface ProcStat {
  comm: string;
  ppid: number;
  /** Since boot, in ticks of 10 ms. */
  startTicks: bigint;
}

/** Every method answers undefined when the process is gone or the file cannot be read. */
export interface ProcReader {
  stat(pid: number): ProcStat | undefined;
  /** What the exe link says; a deleted file ends in " (deleted)". */
  exePath(pid: number): string | undefined;
  /** Path in the cgroup v2 tree. */
  cgroupPath(pid: number): string | undefined;
  /** Inode number of that control group: the kernel's id of it. */
  cgroupId(path: string): bigint | undefined;
  /** Text of the user database. */
  users(): string | undefined;
}

// One buffer for all: the reads are synchronous, and the text is copied out before the next.
const buffer = Buffer.alloc(16 * 1024);

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readBounded(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, buffer.length, null));
  } finally {
    closeSync(descriptor);
  }
}

/** The kernel's random id of this boot; the same in every container of the node. */
export function readBootId(proc = "/proc"): string | undefined {
  const id = attempt(() => readBounded(`${proc}/sys/kernel/random/boot_id`).trim());
  return id !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
}

/** A process may call itself "a) S 1 (b": the name ends at the last parenthesis. */
export function parseStat(text: string): ProcStat | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(" ");
  const [ppid, start] = [fields[1], fields[19]];
  if (ppid === undefined || start === undefined || !/^\d+$/.test(ppid) || !/^\d+$/.test(start)) return undefined;
  return { comm: text.slice(open + 1, close), ppid: Number(ppid), startTicks: BigInt(start) };
}

/** The unified hierarchy's line of /proc/PID/cgroup. */
export function parseCgroup(text: string): string | undefined {
  const line = text.split("\n").find((one) => one.startsWith("0::"));
  return line?.slice(3);
}

export function createProcReader({
  proc = "/proc",
  cgroups = "/sys/fs/cgroup",
  passwd = "/etc/passwd",
}: {
  proc?: string;
  cgroups?: string;
  passwd?: string;
} = {}): ProcReader {
  return {
    stat: (pid) => attempt(() => parseStat(readBounded(`${proc}/${pid}/stat`))),
    exePath: (pid) => attempt(() => readlinkSync(`${proc}/${pid}/exe`)),
    cgroupPath: (pid) => attempt(() => parseCgroup(readBounded(`${proc}/${pid}/cgroup`))),
    // From inside a private cgroup namespace, paths above its root begin with "..": they lead out of the mount.
    cgroupId: (path) =>
      path.split("/").includes("..") ? undefined : attempt(() => statSync(join(cgroups, path), { bigint: true }).ino),
    users: () => attempt(() => readFileSync(passwd, "utf8")),
  };
}
