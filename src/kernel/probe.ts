// SPDX-License-Identifier: Apache-2.0
// What this machine says of itself, read once: enough to choose a form and to explain the choice. Nothing here is
// believed without the canary's proof.
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { release, version } from "node:os";
import { readPreemption } from "./preemption.js";
import { type Restraints, readLockdown, readRestraints } from "./restraints.js";

export interface KernelFacts {
  release: string;
  version: string;
  /** As Node names it: x64, arm64. */
  processor: string;
  btf: boolean;
  /** Active LSMs in order; undefined if securityfs is not mounted. */
  lsms: string[] | undefined;
  /** none, integrity or confidentiality; undefined if the kernel does not say. */
  lockdown: string | undefined;
  /** none, voluntary, full or lazy; "unknown" counts as preempting. */
  preemption: string;
  preempts: boolean;
  /** kernel.ftrace_enabled; undefined if the kernel has no such switch. */
  ftraceEnabled: boolean | undefined;
  bpffs: boolean;
  root: boolean;
  /** Capability numbers that the agent needs and this process lacks, by name. */
  missingCapabilities: string[];
  /** true if this process sees the pids that the kernel means. */
  initialPidNamespace: boolean;
  restraints: Restraints;
}

/** Linux capability numbers (include/uapi/linux/capability.h). */
const needed = { SYS_ADMIN: 21, PERFMON: 38, BPF: 39 } as const;

/** Inode of the initial pid namespace, fixed by the kernel (PROC_PID_INIT_INO). */
const initialPidNamespaceInode = "4026531836";

const bpffsPath = "/sys/fs/bpf";

const ftraceSwitch = "/proc/sys/kernel/ftrace_enabled";

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function missingCapabilities(): string[] {
  const effective = BigInt(`0x${readText("/proc/self/status")?.match(/^CapEff:\s*([0-9a-f]+)/m)?.[1] ?? "0"}`);
  return Object.entries(needed)
    .filter(([, bit]) => (effective & (1n << BigInt(bit))) === 0n)
    .map(([name]) => `CAP_${name}`);
}

export function readKernelFacts(): KernelFacts {
  const { mode: preemption, preempts } = readPreemption();
  const ftrace = readText(ftraceSwitch);
  return {
    release: release(),
    version: version(),
    processor: process.arch,
    btf: existsSync("/sys/kernel/btf/vmlinux"),
    lsms: readText("/sys/kernel/security/lsm")?.split(","),
    lockdown: readLockdown(),
    preemption,
    preempts,
    ftraceEnabled: ftrace === undefined ? undefined : ftrace !== "0",
    bpffs: isMounted(bpffsPath, "bpf"),
    root: process.geteuid?.() === 0,
    missingCapabilities: missingCapabilities(),
    initialPidNamespace: pidNamespace() === initialPidNamespaceInode,
    restraints: readRestraints(),
  };
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid").match(/\[(\d+)\]/)?.[1];
  } catch {
    return undefined;
  }
}

function isMounted(path: string, type: string): boolean {
  return (readText("/proc/self/mounts") ?? "").split("\n").some((line) => {
    const [, where, what] = line.split(" ");
    return where === path && what === type;
  });
}

/** Turns kernel.ftrace_enabled on: at 0 every attached program silently stops being called (6.1 and later). */
export function enableFtrace(): boolean {
  try {
    writeFileSync(ftraceSwitch, "1");
    return true;
  } catch {
    return false;
  }
}

/** Forms that refuse, to try, best first. */
export function formsToTry(facts: Pick<KernelFacts, "lsms">): ("lsm" | "fmod_ret")[] {
  if (facts.lsms && !facts.lsms.includes("bpf")) return ["fmod_ret"];
  return ["lsm", "fmod_ret"];
}
