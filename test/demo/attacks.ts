// SPDX-License-Identifier: Apache-2.0
// The attacks of the demo: real tools, one script each in attacks/, which exits 0 if it stole and 1 if it was refused.

import type { Guest } from "../lab/guest.js";

export interface Trick {
  /** What an attacker would type, or what the service does. */
  title: string;
  /** The vector that must report it. */
  vector: string;
  /** Why one run is more than one attempt. */
  note?: string;
}

export interface Attack extends Trick {
  /** Its script in attacks/. */
  script: string;
  /** true: it must get hold of one of the service's secrets; false: any answer at all is a success for it. */
  secret: boolean;
}

/** In this order: maps.sh notes the heap's place for those after it, so that in act two they know where to look. */
export const attacks: readonly Attack[] = [
  { title: "cat /proc/PID/environ", script: "environ.sh", vector: "environ_read", secret: true },
  { title: "cat /proc/PID/maps", script: "maps.sh", vector: "proc_layout", secret: false },
  { title: "dd if=/proc/PID/mem", script: "mem.sh", vector: "procmem_read", secret: true },
  { title: "gdb -p PID", script: "gdb.sh", vector: "ptrace_attach", secret: true },
  { title: "strace -p PID", script: "strace.sh", vector: "ptrace_seize", secret: true },
  { title: "python process_vm_readv", script: "process_vm_readv.py", vector: "process_vm_read", secret: true },
  { title: "python pidfd_getfd", script: "pidfd_getfd.py", vector: "pidfd_getfd", secret: true },
  { title: "insmod", script: "insmod.sh", vector: "module_load", secret: false },
  {
    title: "bpftool prog load",
    script: "bpftool.sh",
    vector: "bpf_load",
    secret: false,
    note: "bpftool loads three times: a probe of its own, the program, and the program again for the verifier's log",
  },
  { title: "dd if=/dev/mem", script: "devmem.sh", vector: "dev_mem", secret: false },
  { title: "head /proc/kcore", script: "kcore.sh", vector: "kcore", secret: false },
];

export type Verdict = "stolen" | "refused" | "unclear";

export interface Attempt {
  verdict: Verdict;
  /** What it got, or how it was turned away: one line. */
  words: string;
}

export const attackFolder = "/opt/attacks";

/** Makes one attack. A script that says "stolen" is believed only if what it printed holds the secret. */
export async function attempt(guest: Guest, attack: Attack, pid: number, apiKey: string): Promise<Attempt> {
  const { status, stdout, stderr } = await guest.run([`${attackFolder}/${attack.script}`, String(pid)], {
    timeoutSeconds: 180,
  });
  const leaked = stdout.includes(apiKey);
  if (status === 0 && (leaked || (!attack.secret && stdout.trim() !== "")))
    return { verdict: "stolen", words: firstLine(stdout) };
  const words = firstLine(stderr) || `status ${status}, ${firstLine(stdout) || "no output"}`;
  return { verdict: status === 1 && !leaked ? "refused" : "unclear", words };
}

export function firstLine(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
}
