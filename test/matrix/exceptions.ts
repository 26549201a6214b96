// SPDX-License-Identifier: Apache-2.0
// Roads of the matrix that are told otherwise than the rest, each with its reason.
import type { Attack, SeenEvent } from "./field.js";

/** A module that the kernel asks for: observed only once it is really loaded. */
export const silentInDetect = new Set(["module_load/request"]);

/** Refused without an errno of ours: the caller sees the ordinary one, or the signal is dropped on its way. */
export const silentRoads = new Set([
  ...silentInDetect,
  "coredump_signal/sigio",
  "coredump_signal/sigio_thread",
  "agent_signal/sigio",
  "agent_signal/sigio_thread",
  "agent_signal/group", // a group is signalled if one member of it could be
]);

/** Tried only where a guard stands, because the machine does not survive them, and why. */
export const onlyRefused: Readonly<Record<string, string>> = {
  "hibernate/reboot": "the kernel blocks itself in this call",
  "hibernate/reboot_compat": "the kernel blocks itself in this call",
  "bpf_tamper/held_freeze": "the agent could not change that map afterwards",
};

/** Roads that a kernel does not have: nothing else may be left untried. */
export const impossible: Record<string, readonly string[]> = {
  "module_load/finit_module_compressed": ["5.10", "6.1"], // no decompression in the kernel there
  "kexec/kexec_load_compat": ["5.10"], // only programs that are wholly 32-bit get through there
  "proc_layout/question": ["5.10", "6.1"], // PROCMAP_QUERY came with 6.11
  "proc_layout/held_question": ["5.10", "6.1"],
  "proc_layout/thread_gone_question": ["5.10", "6.1"],
  "bpf_load/syscall": ["5.10"], // the type came with 5.14
  "bpf_load/print_socket_filter": ["5.10"], // the helper came with 5.13
  "bpf_load/vprintk_cgroup": ["5.10"], // with 5.16
  "bpf_load/cast_socket_filter": ["5.10", "6.1"], // with 6.2
  "bpf_load/cast_in_function": ["5.10", "6.1"],
  "bpf_load/flagged": ["5.10", "6.1", "6.12"], // with 7.x
  "bpf_load/signal_socket_filter": ["5.10", "6.1", "6.12"], // for such programs with 6.16 or before
  "bpf_load/compare_socket_filter": ["5.10", "6.1", "6.12"], // with 6.17
  "bpf_tamper/held_inner_batch": ["5.10"], // came with 5.19
  "pin_remove/add_directory_io_uring": ["5.10"], // came with 5.15
  // The events of system calls hold contents since 6.19.
  ...Object.fromEntries(
    [
      ...["event", "events", "compat", "set_event", "trigger"].map((road) => `tracefs_probe/syscall_${road}`),
      "perf_target/syscall_contents",
    ].map((road) => [road, ["5.10", "6.1", "6.12"]]),
  ),
  "tracefs_probe/synthetic_events": ["5.10"], // Debian builds them later
  "agent_cgroup/kill": ["5.10"], // cgroup.kill came with 5.14
  "agent_cgroup/kill_above": ["5.10"],
  "agent_cgroup/kill_by_handle": ["5.10"],
  "agent_cgroup/memory_reclaim": ["5.10"], // memory.reclaim came with 5.19
  "process_madvise/damon": ["5.10", "6.1"], // Debian builds the files of DAMON later
  "chan_userfault/user_mode_only": ["5.10"], // came with 5.11
  "chan_userfault/device": ["5.10"], // came with 6.1
  "chan_fd_pass/memfd_secret": ["5.10", "6.1"], // since 6.5 without a boot option
  "hooks_off/preempt": ["5.10"], // no switch at run time there
  "hooks_off/preempt_second_debugfs": ["5.10"],
};

/** Their attack has the agent protect a child first, which a stopped agent cannot do. */
export const needAgent = new Set(["ptrace_traceme", "ns_enter", "preload"]);

/** Some of their roads use what the holder gets of the agent while guards only look on. */
const heldFromAgent = new Set(["agent_cgroup", "bpf_tamper", "hooks_off"]);

/** Vectors of which detect mode has every road: those, and the one for which the kernel asks twice where nobody refuses. */
export const allInDetect = (vector: string): boolean => heldFromAgent.has(vector) || vector === "leak_ipc";

/** One that this kernel has and that can be tried without the agent too; all where the next needs what they hold. */
export function briefRoads(kernel: string, vector: string, roads: string[]): string[] {
  if (heldFromAgent.has(vector)) return roads;
  const keys = roads.map((road) => ({ road, key: `${vector}/${road}` }));
  const usable = keys.filter(({ key }) => !impossible[key]?.includes(kernel) && !(key in onlyRefused));
  return usable.slice(0, 1).map(({ road }) => road);
}

/** Roads whose preparation is no attempt itself, where that of the first road is: its helper would be killed before it. */
export const quietRoads: Readonly<Record<string, string>> = { pin_remove: "unmount" };

/** The canary's two processes are in the agent's group: each is told. */
const onSeveral = new Set(["agent_signal/group"]);

/** What an attack is told by: of one on several processes at once, the event of the one that it is about. */
export function eventsOfAttack(events: SeenEvent[], { truth }: Attack, agentPid: number): SeenEvent[] {
  const all = events.filter((event) => event.offender.pid === truth?.pid);
  const several = onSeveral.has(`${truth?.vector}/${truth?.road}`);
  return several ? all.filter(({ target }) => target?.pid === agentPid) : all;
}

/** Refused with another errno than EPERM. */
export function errnoOf(vector: string, road: string): string {
  // A BPF program that may not know a helper is invalid to the verifier.
  if (vector === "bpf_load" && road.startsWith("reader_")) return "EINVAL";
  // Objects of the agent are not there for those who ask by id; and without a capability a file cannot be used.
  if (vector === "bpf_tamper" && road.includes("_by_id")) return "ENOENT";
  if (vector === "bpf_tamper" && /^pinned_(link|program)/.test(road)) return "EACCES";
  // On which programs copy by themselves; with vmsplice it is whoever reads the pipe.
  if (vector === "chan_splice" && !road.startsWith("vmsplice")) return "EINVAL";
  return "EPERM";
}
