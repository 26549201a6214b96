// SPDX-License-Identifier: Apache-2.0
// The doors as the kernel names them. The BPF program of a door is called ct_<door>; its section is lsm/<door>.
import type { AttachForm } from "./native.js";

/** How a door is proved on the live node; see canary.ts. */
export type ProofRoad = "attack" | "count" | "fork" | "exec" | "reap" | "attached";

export interface DoorFacts {
  /** Name after "security_" of the function that carries the hook; of a tracepoint, its own. */
  hook: string;
  /** false: the hook cannot refuse, so its second form is fentry. */
  refuses: boolean;
  proof: ProofRoad;
  /** What stands open while this door does not. */
  guards: string;
  /** Off while nothing is protected: it lies on a path that every program takes, and guards nothing of the agent's own. */
  sleeps?: true;
  /** The kernel may lack this hook: what stands in for it there. */
  orElse?: string;
  /** hook is a tracepoint: it refuses nothing, and its program is the same in every form. */
  tracepoint?: true;
}

export const doors = {
  file_open: {
    hook: "file_open",
    refuses: true,
    proof: "attack",
    guards: "procfs files, raw memory devices, switches, pinned maps of the agent by open",
    sleeps: true,
  },
  ptrace_access_check: {
    hook: "ptrace_access_check",
    refuses: true,
    proof: "attack",
    guards: "ptrace, process_vm, pidfd",
  },
  kernel_read_file: { hook: "kernel_read_file", refuses: true, proof: "attack", guards: "finit_module" },
  kernel_load_data: { hook: "kernel_load_data", refuses: true, proof: "attack", guards: "init_module" },
  kernel_module_request: {
    hook: "kernel_module_request",
    refuses: true,
    proof: "count", // refused without an errno of its own: only the kernel's count tells
    guards: "modules that the kernel asks for",
  },
  bpf: {
    hook: "bpf",
    refuses: true,
    proof: "attack",
    guards: "BPF program loads, descriptors of the agent's BPF objects",
  },
  file_permission: {
    hook: "file_permission",
    refuses: true,
    proof: "attack",
    guards: "descriptors from before protection began, moves between control groups",
    sleeps: true,
  },
  file_ioctl: { hook: "file_ioctl", refuses: true, proof: "attack", guards: "questions to memory layout files" },
  inode_follow_link: {
    hook: "inode_follow_link",
    refuses: true,
    proof: "attack",
    guards: "descriptors and directories behind the links of procfs",
    sleeps: true,
  },
  task_kill: {
    hook: "task_kill",
    refuses: true,
    proof: "attack",
    guards: "signals that dump core, signals to the agent",
  },
  file_send_sigiotask: {
    hook: "file_send_sigiotask",
    refuses: true,
    proof: "count", // the signal is dropped, and nobody gets an errno
    guards: "signals that dump core or reach the agent, by a descriptor's owner",
  },
  task_setrlimit: { hook: "task_setrlimit", refuses: true, proof: "attack", guards: "limits of protected processes" },
  task_setscheduler: {
    hook: "task_setscheduler",
    refuses: true,
    proof: "attack",
    guards: "scheduling and processors of the agent",
  },
  task_setnice: { hook: "task_setnice", refuses: true, proof: "attack", guards: "nice value of the agent" },
  task_setioprio: { hook: "task_setioprio", refuses: true, proof: "attack", guards: "disk priority of the agent" },
  mmap_file: {
    hook: "mmap_file",
    refuses: true,
    proof: "attack",
    guards: "the agent's maps by mapping, code from outside in protected processes",
    sleeps: true,
  },
  bpf_map: { hook: "bpf_map", refuses: true, proof: "attack", guards: "the agent's maps" },
  bpf_prog: { hook: "bpf_prog", refuses: true, proof: "attack", guards: "the agent's programs" },
  sb_umount: { hook: "sb_umount", refuses: true, proof: "attack", guards: "mounts that carry the pins" },
  sb_mount: { hook: "sb_mount", refuses: true, proof: "attack", guards: "mounts over the pins, by mount(2)" },
  move_mount: { hook: "move_mount", refuses: true, proof: "attack", guards: "mounts over the pins, by move_mount(2)" },
  inode_unlink: { hook: "inode_unlink", refuses: true, proof: "attack", guards: "pins, from unlink" },
  inode_rename: { hook: "inode_rename", refuses: true, proof: "attack", guards: "pins, from rename" },
  inode_rmdir: {
    hook: "inode_rmdir",
    refuses: true,
    proof: "attack",
    guards: "directories of pins, and those on which their file system is mounted",
  },
  inode_link: { hook: "inode_link", refuses: true, proof: "attack", guards: "pins, from further names" },
  inode_setattr: {
    hook: "inode_setattr",
    refuses: true,
    proof: "attack",
    guards: "sizes of files whose code protected processes or the agent run",
  },
  path_chmod: { hook: "path_chmod", refuses: true, proof: "attack", guards: "permission bits of pins" },
  socket_sendmsg: {
    hook: "socket_sendmsg",
    refuses: true,
    proof: "attack",
    guards: "what protected processes send, and to whom",
    sleeps: true,
  },
  socket_connect: {
    hook: "socket_connect",
    refuses: true,
    proof: "attack",
    guards: "where protected processes connect to",
    sleeps: true,
  },
  inode_init_security_anon: {
    hook: "inode_init_security_anon",
    refuses: true,
    proof: "attack",
    guards: "rings and userfaultfds that protected processes make",
    sleeps: true,
    orElse: "mmap_file and file_ioctl, which see what was made when it is used first",
  },
  shm_shmat: {
    hook: "shm_shmat",
    refuses: true,
    proof: "attack",
    guards: "shared memory segments in protected processes",
    sleeps: true,
  },
  file_mprotect: {
    hook: "file_mprotect",
    refuses: true,
    proof: "attack",
    guards: "shared mappings of protected processes that are made writable",
    sleeps: true,
  },
  task_alloc: {
    hook: "task_alloc",
    refuses: true,
    proof: "fork",
    guards: "children of protected processes",
    sleeps: true,
  },
  task_newtask: {
    hook: "task_newtask",
    refuses: false,
    proof: "fork",
    guards: "processes that start inside protected control groups",
    sleeps: true,
    tracepoint: true,
  },
  task_free: { hook: "task_free", refuses: false, proof: "reap", guards: "end of protection at exit", sleeps: true },
  bprm_check_security: {
    hook: "bprm_check",
    refuses: true,
    proof: "exec",
    guards: "exec by a thread of a protected process, exec under a tracer",
    sleeps: true,
  },
  cgroup_attach_task: {
    hook: "cgroup_attach_task",
    refuses: false,
    // Only a move between control groups calls it, which stops every fork on the node; ftrace_enabled is not asked.
    proof: "attached",
    guards: "processes that are moved into protected control groups",
    sleeps: true,
    tracepoint: true,
  },
  locked_down: {
    hook: "locked_down",
    refuses: true,
    proof: "attack",
    guards: "I/O ports, PCI configuration, ACPI tables, hibernation by reboot(2)",
  },
  capable: {
    hook: "capable",
    refuses: true,
    proof: "attack",
    guards: "process_madvise, setns, pinned links of the agent",
  },
  perf_event_alloc: { hook: "perf_event_alloc", refuses: true, proof: "attack", guards: "perf events and uprobes" },
  ptrace_traceme: { hook: "ptrace_traceme", refuses: true, proof: "attack", guards: "PTRACE_TRACEME" },
  inode_create: {
    hook: "inode_create",
    refuses: true,
    proof: "attack",
    guards: "names of files that are made, new pins beside the agent's",
    sleeps: true,
  },
  inode_mkdir: {
    hook: "inode_mkdir",
    refuses: true,
    proof: "attack",
    guards: "names of directories, new ones beside the pins",
    sleeps: true,
  },
  inode_mknod: {
    hook: "inode_mknod",
    refuses: true,
    proof: "attack",
    guards: "names of nodes and sockets",
    sleeps: true,
  },
  inode_symlink: {
    hook: "inode_symlink",
    refuses: true,
    proof: "attack",
    guards: "names and targets of symbolic links, new ones beside the pins",
    sleeps: true,
  },
  inode_setxattr: {
    hook: "inode_setxattr",
    refuses: true,
    proof: "attack",
    guards: "values of extended attributes",
    sleeps: true,
  },
  task_prctl: { hook: "task_prctl", refuses: true, proof: "attack", guards: "names of threads", sleeps: true },
  msg_msg_alloc_security: {
    hook: "msg_msg_alloc",
    refuses: true,
    proof: "attack",
    guards: "messages of System V and POSIX queues",
    sleeps: true,
  },
  key_permission: { hook: "key_permission", refuses: true, proof: "attack", guards: "contents of keys", sleeps: true },
} as const satisfies Record<string, DoorFacts>;

export type DoorName = keyof typeof doors;

export const doorNames = Object.keys(doors) as DoorName[];

/** Whether the door is off while nothing is protected. */
export const sleeps = (door: DoorName): boolean => "sleeps" in doors[door];

/** Whether a kernel without this door is guarded all the same. */
export const mayBeAbsent = (door: DoorName): boolean => "orElse" in doors[door];

export const isTracepoint = (door: DoorName): boolean => "tracepoint" in doors[door];

/** Of the kernel, which calls what stands at that door. */
export const functionOf = (door: DoorName): string =>
  `${isTracepoint(door) ? "__traceiter" : "security"}_${doors[door].hook}`;

export const programOf = (door: DoorName): string => `ct_${door}`;

/** lsm and fmod_ret refuse (void hooks of the second use fentry); signal is a kprobe that kills after the fact. */
export type Form = "lsm" | "fmod_ret" | "signal";

export const forms = ["lsm", "fmod_ret", "signal"] as const satisfies Form[];

/** Of doors that are no tracepoint. */
export function attachFormOf(door: DoorName, form: "lsm" | "fmod_ret"): AttachForm {
  if (form === "lsm") return "lsm";
  return doors[door].refuses ? "fmod_ret" : "fentry";
}

/** Whether a program in this form is called every time (kernel-measured; docs/THREAT-MODEL.md says how). */
export type Soundness = "sound" | "may be skipped under preemption" | "kills after the fact";

export function soundnessOf(form: Form, kernelPreempts: boolean): Soundness {
  if (form === "signal") return "kills after the fact";
  return form === "lsm" || !kernelPreempts ? "sound" : "may be skipped under preemption";
}

export interface DoorStatus {
  door: DoorName;
  form: Form;
  attached: boolean;
  /** Off because nothing is protected: it attaches and is proved anew with the first protection. */
  idle: boolean;
  /** At its last proof; of an idle door that was before it went to sleep. */
  proved: boolean;
  /** Not proved for want of a capability, which the configuration takes. */
  untried: boolean;
  /** Why it is not attached or not proved; "" otherwise. */
  reason: string;
  soundness: Soundness;
  /** Calls that the kernel made without us: each one was unguarded. */
  recursionMisses: bigint;
  log: string;
}
