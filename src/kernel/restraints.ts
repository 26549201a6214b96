// SPDX-License-Identifier: Apache-2.0
// What else holds processes back on this machine, besides us: other LSMs, sysctls, and mitigations of processor bugs.
// The guards need none of it; some of it refuses before them, or could refuse the agent itself.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chosenOf } from "./preemption.js";

export interface Restraints {
  /** kernel.unprivileged_bpf_disabled: 0, 1 or 2; undefined if the kernel has no such switch. */
  unprivilegedBpf: number | undefined;
  /** kernel.yama.ptrace_scope: 0 to 3; undefined where Yama is not active. */
  ptraceScope: number | undefined;
  /** undefined where SELinux is not active; "unknown" where selinuxfs is not mounted. */
  selinux: "enforcing" | "permissive" | "unknown" | undefined;
  /** What this process is under AppArmor or SELinux, such as "unconfined" or "docker-default (enforce)"; "" if nothing. */
  label: string;
  /** Processor bugs of which the kernel says that this machine is open to them; undefined if it says nothing. */
  openBugs: string[] | undefined;
}

/** The step of Yama at which nobody may attach, root neither; it holds until the next boot. */
export const nobodyTraces = 3;

/** @param root of the file system, for tests */
export function readRestraints(root = "/"): Restraints {
  const text = (path: string): string | undefined => readText(join(root, path));
  const lsms = text("sys/kernel/security/lsm")?.split(",") ?? [];
  const enforce = text("sys/fs/selinux/enforce");
  const selinux = enforce === "1" ? "enforcing" : enforce === "0" ? "permissive" : "unknown";
  return {
    unprivilegedBpf: number(text("proc/sys/kernel/unprivileged_bpf_disabled")),
    ptraceScope: readPtraceScope(root),
    selinux: lsms.includes("selinux") || enforce !== undefined ? selinux : undefined,
    label: text("proc/self/attr/apparmor/current") ?? text("proc/self/attr/current") ?? "",
    openBugs: openBugs(join(root, "sys/devices/system/cpu/vulnerabilities")),
  };
}

/** none, integrity or confidentiality; undefined if the kernel does not say. */
export function readLockdown(root = "/"): string | undefined {
  return chosenOf(readText(join(root, "sys/kernel/security/lockdown")));
}

export function readPtraceScope(root = "/"): number | undefined {
  return number(readText(join(root, "proc/sys/kernel/yama/ptrace_scope")));
}

/** Nothing loads a module any more, until the next boot. */
export function readModulesDisabled(root = "/"): boolean {
  return number(readText(join(root, "proc/sys/kernel/modules_disabled"))) === 1;
}

function readText(path: string): string | undefined {
  try {
    // The kernel ends labels with a NUL.
    return readFileSync(path, "utf8").replace(/[\0\s]+$/, "");
  } catch {
    return undefined;
  }
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function openBugs(directory: string): string[] | undefined {
  if (!existsSync(directory)) return undefined;
  return readdirSync(directory)
    .filter((name) => /^Vulnerable/.test(readText(join(directory, name)) ?? ""))
    .sort();
}
