// SPDX-License-Identifier: Apache-2.0
// What the agent's container may do, each with its reason: the table in the docs and the manifests come from here.

export interface Privilege {
  name: string;
  why: string;
  /** The overlay least-privilege does without it, and what is missing then. */
  without?: string;
}

export const capabilities: readonly Privilege[] = [
  { name: "BPF", why: "loads the guards and reads their maps" },
  { name: "PERFMON", why: "lets the guards read kernel memory; the canary asks for a perf event" },
  { name: "SYS_ADMIN", why: "finds its own pinned programs by id, and lets the canary ask for a mount" },
  { name: "SYS_PTRACE", why: "reads /proc of protected processes; the canary tries what a debugger does" },
  {
    name: "SYS_RESOURCE",
    why: "takes the core size limit of protected processes away; locked memory on kernels before 5.11",
  },
  { name: "SYS_MODULE", why: "the canary proves that module loads are refused: without it the kernel refuses first" },
  { name: "SYS_RAWIO", why: "the canary proves that raw ports are refused: without it the kernel refuses first" },
  { name: "SYS_NICE", why: "the canary proves that advice on foreign memory is refused" },
  { name: "KILL", why: "ends an offender of another user (kill), and looks whether a process is alive" },
  { name: "DAC_READ_SEARCH", why: "reads descriptors and executables of processes of other users" },
  {
    name: "DAC_OVERRIDE",
    why: "empties the core dump filter of processes of other users",
    without: "core dumps of a protected process hold its memory if its core size limit is raised again",
  },
];

export interface Mount extends Privilege {
  path: string;
  write: boolean;
  /** hostPath type. */
  type: "Directory" | "DirectoryOrCreate";
  propagation?: "HostToContainer";
}

export const mounts: readonly Mount[] = [
  {
    name: "bpffs",
    path: "/sys/fs/bpf",
    write: true,
    type: "Directory",
    propagation: "HostToContainer",
    why: "pins: the guards outlive the agent, and the next one takes them over",
  },
  {
    name: "cgroup",
    path: "/sys/fs/cgroup",
    write: true,
    type: "Directory",
    propagation: "HostToContainer",
    why: "finds the control groups of pods, and switches swap off for protected ones",
    without: "read-only: swap stays as the node has it",
  },
  {
    name: "securityfs",
    path: "/sys/kernel/security",
    write: false,
    type: "Directory",
    propagation: "HostToContainer",
    why: "reads which security modules are active",
  },
  {
    name: "run",
    path: "/run/cloudtaser",
    write: true,
    type: "DirectoryOrCreate",
    why: "control socket for the command line on the node; what was protected, for the next agent",
  },
  {
    name: "state",
    path: "/var/lib/cloudtaser",
    write: true,
    type: "DirectoryOrCreate",
    why: "key that signs the log, spools, selftest results, and the executable by which the guards know the next agent",
  },
];
