// SPDX-License-Identifier: Apache-2.0
// What a machine is locked down by, and what each of it means to the guards: one line for one switch.

import type { KernelFacts } from "../kernel/probe.js";

type Locks = Pick<KernelFacts, "lockdown" | "unprivilegedBpf" | "ptraceScope">;

const lockdowns: Readonly<Record<string, string>> = {
  none: "BPF is not limited",
  integrity: "the guards are not limited by it",
  confidentiality:
    "programs get no helper that reads kernel memory: doors read by typed loads (kernel 6.2 and later), no user memory is read, no secret looked for",
};

const unprivilegedBpf: Readonly<Record<string, string>> = {
  "0": "every user may load some BPF programs: guarded by bpf_load while something is protected; better 2",
  "1": "only privileged users load BPF, until the next boot",
  "2": "only privileged users load BPF",
};

const ptraceScopes: Readonly<Record<string, string>> = {
  "0": "users may trace their own processes; the guards refuse it for protected ones",
  "1": "users may trace their children; the guards refuse it for protected ones",
  "2": "only holders of CAP_SYS_PTRACE may trace; the guards refuse these too",
  "3": "nobody may trace, by ptrace(2), until the next boot; the guards also keep the other ways",
};

const line = (value: string | undefined, meanings: Readonly<Record<string, string>>, absent: string): string => {
  if (value === undefined) return absent;
  return `${value}: ${meanings[value] ?? "not known to this version"}`;
};

/** Titles and texts for doctor's table of facts. */
export function lockedRows(facts: Locks): [string, string][] {
  return [
    ["lockdown", line(facts.lockdown, lockdowns, "not to be read: securityfs is not mounted, or the kernel has none")],
    ["unprivileged BPF", line(facts.unprivilegedBpf, unprivilegedBpf, "no such switch")],
    ["Yama ptrace_scope", line(facts.ptraceScope, ptraceScopes, "no Yama: the guards do not need it")],
  ];
}
