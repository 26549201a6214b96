// SPDX-License-Identifier: Apache-2.0
// Rows of the table: reaching a protected process by tracing, sampling, probes, advice and namespaces.

import type { VectorEntry } from "./entry.js";
import { injectControls, perfArgs, readControls } from "./shared.js";

export const reachVectors = {
  ptrace_traceme: {
    title: "Tracing by a parent",
    eventType: "PTRACE_DENIED",
    severity: "critical",
    attack: { techniques: ["T1055.008"], tactics: ["TA0004", "TA0005"] },
    defaultMode: "inherit",
    scope: "process",
    doors: ["ptrace_traceme", "bprm_check_security"],
    attempt:
      "The protected process made a foreign parent its tracer, or was to execute a program while a tracer from before its protection watched. The offender is the tracer.",
    defence: "The request is refused before the parent becomes the tracer, and the exec before the new program starts.",
    compliance: injectControls,
    args: [
      { key: "ptraceFlags", form: "bits", meaning: "PT_* flags of the traced task at exec, 0 for PTRACE_TRACEME" },
    ],
  },
  process_madvise: {
    title: "Memory pushed to swap",
    eventType: "PROCESS_MADVISE",
    severity: "medium",
    attack: { techniques: ["T1003"], tactics: ["TA0006"] },
    defaultMode: "inherit",
    scope: "process",
    doors: ["capable", "file_open"],
    attempt:
      "A process called process_madvise on the protected process, as is done to push its pages to swap, where they can be read from the disk; or was about to name a process to DAMON, which does the same and shows where its memory lies.",
    defence:
      "The kernel asks for a capability before it acts, and the answer is no; a process advising itself is not asked. Opening pid_target of DAMON (target_ids in debugfs) for writing is refused for everybody, since the process stands in what is written.",
    compliance: readControls,
    args: [{ key: "targetTid", form: "number", meaning: "thread id behind the pidfd; 0 by DAMON" }],
  },
  ns_enter: {
    title: "Namespace entered",
    eventType: "NS_ENTER",
    severity: "high",
    attack: { techniques: ["T1611"], tactics: ["TA0004"] },
    defaultMode: "inherit",
    scope: "process",
    doors: ["file_open", "capable"],
    attempt:
      "A process opened a namespace of the protected process, or called setns with its pidfd or with a namespace opened earlier, to see its files and network.",
    defence:
      "The open is refused by the namespace's number, the call by what is behind its descriptor. Container runtimes, their shims and kubelet pass, if they lie where distributions put them.",
    compliance: readControls,
    args: [{ key: "namespace", form: "number", meaning: "inode number of the namespace, 0 if a pidfd named it" }],
  },
  perf_target: {
    title: "Sampling by perf",
    eventType: "PERF_ATTACH",
    severity: "high",
    attack: { techniques: ["T1003", "T1057"], tactics: ["TA0006", "TA0007"] },
    defaultMode: "inherit",
    scope: "process",
    doors: ["perf_event_alloc"],
    attempt:
      "A process opened a perf event on the protected process, or sampled the registers, stacks or user call chains of every process on the node (a chain follows the frame pointer, which may be any number), or opened an event of a system call (syscalls:*): its filter tells the text at any address, and on kernels from 6.19 on a sample has what the call was given.",
    defence:
      "The event is refused before it counts anything; sampling of the node without any of these passes (call chains with exclude_callchain_user).",
    compliance: readControls,
    args: perfArgs,
  },
  uprobe: {
    title: "User probe",
    eventType: "UPROBE_ATTACH",
    severity: "critical",
    attack: { techniques: ["T1055", "T1056"], tactics: ["TA0004", "TA0006"] },
    defaultMode: "inherit",
    scope: "process",
    doors: ["perf_event_alloc", "bpf"],
    attempt:
      "A process set a probe in the code of the protected process or, without naming a process, in a file that every process may have mapped.",
    defence:
      "The probe is refused. A probe that names no process is refused whatever its file, because the kernel does not show the file; one on an unprotected process passes.",
    compliance: injectControls,
    args: perfArgs,
  },
  preload: {
    title: "Foreign code at start",
    eventType: "PRELOAD",
    severity: "high",
    attack: { techniques: ["T1574.006"], tactics: ["TA0003", "TA0004", "TA0005"] },
    defaultMode: "detect",
    scope: "process",
    doors: ["mmap_file"],
    attempt:
      "A protected process that was started with LD_PRELOAD, LD_AUDIT or LD_LIBRARY_PATH was about to map code from a mount other than those of its root directory and of its executable; or, with or without such a variable, code from a file that somebody has open for writing. The offender is the process itself.",
    defence:
      "The mapping is refused before any of that code runs: the loader goes on without a preloaded library, and gives up where a library that the program needs lies there. Libraries on the same mount pass. Observed unless configured otherwise.",
    compliance: injectControls,
    args: [
      {
        key: "variable",
        form: { 1: "LD_PRELOAD", 2: "LD_AUDIT", 3: "LD_LIBRARY_PATH", 4: "unknown", 5: "open_to_write" },
        meaning:
          "first such variable in its environment; unknown if that could not be read to its end; open_to_write: none, but somebody has the file open for writing",
      },
    ],
    name: { key: "file", meaning: "name of the file with the code" },
  },
} as const satisfies Record<string, VectorEntry>;
