// SPDX-License-Identifier: Apache-2.0
// From what people name (a pid, a unit, a control group) to process ids, with a clear word for each way it can be wrong.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { promisify } from "node:util";
import { CloudtaserError } from "../errors/index.js";
import type { HeldProcess } from "./kernel.js";

const cgroupRoot = "/sys/fs/cgroup";

/** Largest pid that the kernel can give out (PID_MAX_LIMIT). */
const maxPid = 4_194_304;

const PF_KTHREAD = 0x00200000;

/** Throws unless pid is the process id of a user process. Returns its comm. */
export function checkProcess(pid: number): string {
  if (!Number.isInteger(pid) || pid < 1 || pid > maxPid)
    throw new CloudtaserError("PID_INVALID", { target: String(pid) });
  let status: string;
  let stat: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (cause) {
    throw new CloudtaserError("PID_MISSING", { target: String(pid), cause });
  }
  const tgid = Number(/^Tgid:\s*(\d+)/m.exec(status)?.[1]);
  if (tgid !== pid) throw new CloudtaserError("PID_IS_THREAD", { target: String(pid), fields: { tgid } });
  const comm = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  // After comm: state, ppid, pgrp, session, tty, tpgid, flags.
  const flags = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[6]);
  if ((flags & PF_KTHREAD) !== 0) {
    throw new CloudtaserError("PID_IS_KERNEL_THREAD", { target: String(pid), fields: { name: comm } });
  }
  return comm;
}

/** Throws unless pid is one that can be held, which keeps its number from changing hands unnoticed. */
export function holdProcess(pid: number, hold: (pid: number) => HeldProcess): HeldProcess {
  checkProcess(pid);
  try {
    return hold(pid);
  } catch (cause) {
    throw new CloudtaserError("PID_MISSING", { target: String(pid), cause });
  }
}

/** Processes in a control group of the unified hierarchy and below it. Path as in /proc/PID/cgroup, or below /sys/fs/cgroup. */
export function processesOfCgroup(path: string): number[] {
  const inside = normalize(
    path.startsWith(`${cgroupRoot}/`) || path === cgroupRoot ? path.slice(cgroupRoot.length) : path,
  );
  return readTree(join(cgroupRoot, inside), path);
}

function readTree(directory: string, named: string): number[] {
  let text: string;
  try {
    text = readFileSync(join(directory, "cgroup.procs"), "utf8");
  } catch (cause) {
    throw new CloudtaserError("CGROUP_MISSING", { target: named, cause });
  }
  const pids = text.split("\n").filter(Boolean).map(Number);
  for (const child of childrenOf(directory)) {
    try {
      pids.push(...readTree(child, named));
    } catch (error) {
      // A child that went away between listing and reading holds nobody.
      if (!(error instanceof CloudtaserError && error.code === "CGROUP_MISSING")) throw error;
    }
  }
  return pids;
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(directory, entry.name));
  } catch {
    return [];
  }
}

/** Control group of a systemd unit. Throws UNIT_MISSING if systemd does not run it. */
export async function cgroupOfUnit(unit: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(
      "systemctl",
      ["show", "--property=ControlGroup", "--value", "--", unit],
      { timeout: 10_000 },
    );
    const path = stdout.trim();
    if (path !== "") return path;
  } catch (cause) {
    throw new CloudtaserError("UNIT_MISSING", { target: unit, cause });
  }
  throw new CloudtaserError("UNIT_MISSING", { target: unit });
}

/** The name of a workload that was given none. */
export function nameOf(
  target: { pid: number } | { unit: string } | { cgroup: string } | { cgroups: readonly string[] },
) {
  const [raw] = Object.values(target) as (number | string | string[])[];
  const text = typeof raw === "number" ? `pid-${raw}` : Array.isArray(raw) ? raw.join("-") : (raw ?? "");
  return (
    text
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 63) || "workload"
  );
}
