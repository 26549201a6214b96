// SPDX-License-Identifier: Apache-2.0
// Errors about what shall be protected, and about the control socket and the agent behind it.

import { type ErrorEntry, exitCodes } from "./exit.js";

export const targetErrors = {
  PID_INVALID: {
    message: "{target} is not a process id",
    help: "Give a whole number above 0, as ps shows it on this node.",
    exitCode: exitCodes.usage,
  },
  PID_MISSING: {
    message: "no process with id {target}",
    help: "Process ids are those of the node, not of a container; look it up with ps or pgrep on the node.",
    exitCode: exitCodes.usage,
  },
  PID_IS_THREAD: {
    message: "{target} is a thread of process {tgid}, not a process",
    help: "Protect process {tgid} instead: all of its threads come with it.",
    exitCode: exitCodes.usage,
  },
  PID_IS_KERNEL_THREAD: {
    message: "{target} is a kernel thread ({name})",
    help: "Kernel threads have no memory of their own to protect; give the id of a user process.",
    exitCode: exitCodes.usage,
  },
  PID_IS_AGENT: {
    message: "process {target} is the agent",
    help: "It is guarded as it is (selfProtection). Name a process of a workload.",
    exitCode: exitCodes.usage,
  },
  PID_CHANGED_HANDS: {
    message: "process {target} ended, and its id belongs to another process now",
    help: "Look the process up again and repeat the command.",
    exitCode: exitCodes.failed,
  },
  CONTAINER_PROCESS_UNKNOWN: {
    message: "the first process of container {target} cannot be told: {reason}",
    help: "Let the runtime run the hook on the node: as createRuntime, or as prestart where it knows no other.",
    exitCode: exitCodes.usage,
  },
  CONTAINER_UNGUARDED: {
    message: "container {target} is to be protected and is not: {reason}",
    help: "Look at the agent's log and at cloudtaser status; doctor says whether its guards stand.",
    exitCode: exitCodes.unproven,
  },
  CONTAINER_STATE: {
    message: "{target} is no state of a container: {reason}",
    help: "A container runtime runs this command as a hook and tells it the state, as the OCI runtime specification has it.",
    exitCode: exitCodes.usage,
  },
  UNIT_MISSING: {
    message: "systemd has no running unit {target}",
    help: "Check the name with systemctl list-units, and start the unit first.",
    exitCode: exitCodes.usage,
  },
  CGROUP_MISSING: {
    message: "no control group {target}",
    help: "Give a directory below /sys/fs/cgroup; systemd-cgls shows them.",
    exitCode: exitCodes.usage,
  },
  CGROUP_NOT_UNIFIED: {
    message: "{target} is a control group of version 1, by which nobody can be protected",
    help: "Name its directory in the unified hierarchy, below {root}; /proc/PID/cgroup shows it in the line that begins with 0::.",
    exitCode: exitCodes.usage,
  },
  CGROUP_UNIFIED_MISSING: {
    message: "this node has no unified hierarchy of control groups at {target}",
    help: "Boot with systemd.unified_cgroup_hierarchy=1, or protect by process id.",
    exitCode: exitCodes.unsupported,
  },
  CGROUP_HOLDS_AGENT: {
    message: "control group {target} holds the agent itself",
    help: "Name a control group further down, that of the workload alone.",
    exitCode: exitCodes.usage,
  },
  CGROUPS_FULL: {
    message: "cannot protect control group {target}: the table is full ({limit} control groups)",
    help: "Unprotect what is not needed any more, or protect one control group above several.",
    exitCode: exitCodes.failed,
  },
  COMMAND_NOT_STARTED: {
    message: "cannot start {target}: {reason}",
    help: "Check the path of the command and that it is executable; nothing was left protected.",
    exitCode: exitCodes.notExecutable,
  },
  COMMAND_NOT_FOUND: {
    message: "cannot start {target}: {reason}",
    help: "Check the name of the command and PATH, or give its path; nothing was left protected.",
    exitCode: exitCodes.notFound,
  },
  WORKLOAD_UNKNOWN: {
    message: "no protected workload named {target}",
    help: "cloudtaser status lists the protected workloads.",
    exitCode: exitCodes.usage,
  },
  SCOPE_FULL: {
    message: "cannot protect {target}: the table of protected processes is full ({limit} entries)",
    help: "Unprotect what is not needed any more; cloudtaser status shows what is in the table.",
    exitCode: exitCodes.failed,
  },
  SOCKET_TAKEN: {
    message: "the control socket {target} cannot be made: {reason}",
    help: "Remove what is at that path if it is not needed, or choose another with --socket or control.socket.",
    exitCode: exitCodes.busy,
  },
  AGENT_RUNNING: {
    message: "another agent (pid {pid}) already answers on {target}",
    help: "Stop it first, or see what it does with: cloudtaser status.",
    exitCode: exitCodes.busy,
  },
  AGENT_NOT_RUNNING: {
    message: "no agent answers on {target}",
    help: "Start it with: cloudtaser agent. If it listens elsewhere, give --socket or CLOUDTASER_SOCKET.",
    exitCode: exitCodes.failed,
  },
  AGENT_UNREACHABLE: {
    message: "the agent on {target} gave no usable answer: {reason}",
    help: "Look at the agent's log; check that the command and the agent are of the same version.",
    exitCode: exitCodes.failed,
  },
  AGENT_STRANGER: {
    message: "who answers on {target} is user {uid} (process {pid}), and no agent: nothing was asked of it",
    help: "See what that process is and who may write the directory of the socket. A running agent takes its socket's place back at its next check.",
    exitCode: exitCodes.forbidden,
  },
  CONTROL_FORBIDDEN: {
    message: "{target} refused: user {uid} may not control the agent",
    help: "Use root, or a member of the group named in control.group.",
    exitCode: exitCodes.forbidden,
  },
  CONTROL_BUSY: {
    message: "{target} was asked too often by user {uid}",
    help: "Wait a second and try again; the agent answers 200 requests at once, then 50 a second.",
    exitCode: exitCodes.busy,
  },
  CONTROL_BAD_REQUEST: {
    message: "the agent does not understand {target}: {reason}",
    help: "Check that the command and the agent are of the same version.",
    exitCode: exitCodes.usage,
  },
} as const satisfies Record<string, ErrorEntry>;
