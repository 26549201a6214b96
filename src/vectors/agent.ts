// SPDX-License-Identifier: Apache-2.0
// Rows of the table: the agent itself, and the switches that silence its guards.

import type { VectorEntry } from "./entry.js";
import { injectControls, procfsName } from "./shared.js";

const trusted =
  "The agent itself and process 1 of the node (the service manager) pass; so do container runtimes and kubelet, if they lie where distributions put them.";

export const agentVectors = {
  agent_access: {
    title: "Reach into the agent",
    eventType: "AGENT_TAMPER",
    severity: "critical",
    attack: { techniques: ["T1562.001", "T1055"], tactics: ["TA0005", "TA0004"] },
    defaultMode: "inherit",
    scope: "node",
    doors: [
      "ptrace_access_check",
      "ptrace_traceme",
      "file_open",
      "file_permission",
      "file_ioctl",
      "inode_follow_link",
      "inode_setattr",
      "perf_event_alloc",
      "capable",
      "task_kill",
      "file_send_sigiotask",
    ],
    attempt:
      "A process did to the agent what is an attack on a protected process: tracing, its memory, environment, layout or descriptors, sampling, probes, signals that dump core, its procfs settings, its namespaces, the size of files whose code it runs. Or it did so to the process by which the agent attacks its own canary.",
    defence:
      "Refused by the guard of that attack, which the event names. The agent itself and process 1 of the node (the service manager) pass. Who may enter namespaces of protected processes may enter the agent's; those that the agent shares with the node are nobody's.",
    compliance: injectControls,
    args: [
      { key: "via", form: "vector", meaning: "the vector that it would be against a protected process" },
      { key: "argument", form: "bits", meaning: "first detail of that vector, as a number" },
    ],
    name: procfsName,
  },
  agent_signal: {
    title: "Signal to the agent",
    eventType: "AGENT_TAMPER",
    severity: "high",
    attack: { techniques: ["T1562.001", "T1489"], tactics: ["TA0005", "TA0040"] },
    defaultMode: "detect",
    scope: "node",
    doors: ["task_kill", "file_send_sigiotask"],
    attempt:
      "A process sent the agent, or one of the two processes by which it proves its doors, a signal that ends, stops or opens it: any but 0, HUP, CHLD, CONT, URG, WINCH, and those that dump core, which are agent_access.",
    defence: `The signal is refused before it is queued, or dropped if it came by a descriptor's owner (F_SETSIG). ${trusted} Observed unless selfProtection or the vector's own mode asks for more. Signals of a terminal (Ctrl-C) and of the kernel itself do not come by this way.`,
    compliance: injectControls,
    args: [
      { key: "signal", form: "number", meaning: "signal number" },
      {
        key: "road",
        form: { 1: "kill", 2: "sigio" },
        meaning: "how it was sent; with sigio the offender may be whoever ran when the descriptor moved",
      },
    ],
  },
  agent_cgroup: {
    title: "Agent starved",
    eventType: "AGENT_TAMPER",
    severity: "high",
    attack: { techniques: ["T1562.001", "T1489"], tactics: ["TA0005", "TA0040"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open", "file_permission", "task_setrlimit", "task_setscheduler", "task_setnice", "task_setioprio"],
    attempt:
      "A process opened cgroup.kill, cgroup.freeze, or a limit or weight (cpu., cpuset., io., memory., pids.) of the agent's control group or of one above it for writing, moved the agent to another one, changed its limits, scheduling or processors, or opened sysrq-trigger for writing.",
    defence: `The open for writing is refused by the group that the file rules, the move by the process id in what is written, the rest by the kernel's own check. ${trusted} Control groups of version 1 are not covered.`,
    compliance: injectControls,
    args: [
      {
        key: "road",
        form: { 1: "control_file", 2: "move", 3: "limit", 4: "scheduler", 5: "nice", 6: "io_priority", 7: "sysrq" },
        meaning: "how the agent was to be stopped",
      },
      {
        key: "value",
        form: "number",
        meaning:
          "RLIMIT_* number, nice value as an unsigned number, class and priority for disks, or process id written (0 if unknown)",
      },
    ],
    name: { key: "file", meaning: "name of the file; empty if the attempt was a system call" },
  },
  hooks_off: {
    title: "Guards silenced",
    eventType: "AGENT_TAMPER",
    severity: "critical",
    attack: { techniques: ["T1562.001", "T1014"], tactics: ["TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open", "file_permission"],
    attempt:
      "A process opened kernel.ftrace_enabled, sched/preempt or kprobes/enabled of debugfs, or lockdown of securityfs for writing: switches that silence the guards, make them skippable, or keep the next agent from loading its own.",
    defence:
      "The open for writing is refused by what the file is, through every mount; the agent may set ftrace_enabled. A foreign program that takes the guards' places at a hook is refused when it is loaded: see bpf_load.",
    compliance: injectControls,
    args: [{ key: "openFlags", form: "bits", meaning: "open flags of the file (O_*)" }],
    name: { key: "file", meaning: "name of the switch" },
  },
} as const satisfies Record<string, VectorEntry>;
