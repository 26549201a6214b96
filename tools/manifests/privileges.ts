// SPDX-License-Identifier: Apache-2.0
// What the agent's container may do, each with its reason: the table in the docs and the manifests come from here.

export interface Privilege {
  name: string;
  why: string;
  /** What is missing without it. */
  without: string;
  /** The overlay least-privilege does without it. */
  spared?: true;
}

const untried =
  "the guard stands and cannot be tried: `status` says so, and the agent is not ready unless `canary.untried` is `accept`";

export const capabilities: readonly Privilege[] = [
  {
    name: "BPF",
    why: "loads the guards and reads their maps",
    without: "nothing while `SYS_ADMIN` is there, which the kernel takes for it; else nothing can be loaded",
  },
  {
    name: "PERFMON",
    why: "lets the guards read kernel memory; the canary asks for a perf event",
    without:
      "nothing while `SYS_ADMIN` is there, which the kernel takes for it; else nothing that reads kernel memory can be loaded",
  },
  {
    name: "SYS_ADMIN",
    why: "finds its own pinned programs by id, and lets the canary ask for a mount",
    without:
      "the kernel gives nobody programs and maps by their ids, so that an agent cannot know its own guards again",
  },
  {
    name: "SYS_PTRACE",
    why: "reads /proc of protected processes; the canary tries what a debugger does",
    without:
      "the kernel refuses what belongs to processes of other users, or with more capabilities, to the agent and to the canary before a guard is asked",
  },
  {
    name: "SYS_RESOURCE",
    why: "takes the core size limit of protected processes away; locked memory on kernels before 5.11",
    without:
      "core size limits of processes of other users stay; before 5.11 the maps do not fit what the node lets be locked",
  },
  {
    name: "SYS_MODULE",
    why: "the canary proves that module loads are refused: without it the kernel refuses first",
    without: untried,
    spared: true,
  },
  {
    name: "SYS_RAWIO",
    why: "the canary proves that raw ports are refused: without it the kernel refuses first",
    without: untried,
    spared: true,
  },
  {
    name: "SYS_NICE",
    why: "the canary proves that advice on foreign memory is refused",
    without: "the kernel refuses that advice to the canary before a guard is asked",
  },
  {
    name: "SYSLOG",
    why: "reads where the kernel's functions are, by which network programs that read foreign memory are known",
    without:
      "such programs are known only by the calls that the canary makes: those that print what they read load (`status` says so)",
  },
  {
    name: "KILL",
    why: "ends an offender of another user (kill), and looks whether a process is alive",
    without: "processes of other users cannot be ended by the agent",
  },
  {
    name: "DAC_READ_SEARCH",
    why: "reads descriptors and executables of processes of other users",
    without:
      "control groups are not found by their ids: entries of those that are gone stay in the table (8,192); what processes of other users have open is not seen, where `DAC_OVERRIDE` is not given either",
  },
  {
    name: "DAC_OVERRIDE",
    why: "empties the core dump filter of processes of other users",
    without: "core dumps of a protected process hold its memory if its core size limit is raised again",
    spared: true,
  },
];

/** Of the systemd unit alone: what each is for there. */
export const unitCapabilities: readonly { names: readonly string[]; why: string }[] = [
  { names: ["CHOWN"], why: "gives the control socket to `control.group`, which an agent in a pod so cannot" },
  { names: ["FOWNER"], why: "gives mode 0600 to a file of events that belongs to another user" },
  {
    names: ["SETUID", "SETGID", "SYS_BOOT", "SYS_CHROOT", "MKNOD"],
    why: "are for selftests that the agent makes by itself",
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
    without: "the guards end with the agent, and an update has a gap",
  },
  {
    name: "cgroup",
    path: "/sys/fs/cgroup",
    write: true,
    type: "Directory",
    propagation: "HostToContainer",
    why: "finds the control groups of pods, and switches swap off for protected ones",
    without: "read-only: swap stays as the node has it; not at all: no pod is found, and none is protected",
    spared: true,
  },
  {
    name: "securityfs",
    path: "/sys/kernel/security",
    write: false,
    type: "Directory",
    propagation: "HostToContainer",
    why: "reads which security modules are active",
    without: "the form is found out by trying each",
  },
  {
    name: "run",
    path: "/run/cloudtaser",
    write: true,
    type: "DirectoryOrCreate",
    why: "control socket for the command line on the node; what was protected, for the next agent",
    without:
      "no command on the node; the next agent loses the names of workloads, and the rules of pods until the API names them",
  },
  {
    name: "state",
    path: "/var/lib/cloudtaser",
    write: true,
    type: "DirectoryOrCreate",
    why: "key that signs the log, spools, selftest results, and the executable by which the guards know the next agent",
    without:
      "the guards take the next agent for a stranger (`PIN_STRANGER`); each has another key, and events that no sink took are lost",
  },
];
