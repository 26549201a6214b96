// SPDX-License-Identifier: Apache-2.0
// Rows of the table: the kernel and the machine below the protected processes.

import type { VectorEntry } from "./entry.js";
import { injectControls, readControls } from "./shared.js";

export const nodeVectors = {
  module_load: {
    title: "Kernel module load",
    eventType: "MODULE_LOAD",
    severity: "critical",
    attack: { techniques: ["T1547.006", "T1014"], tactics: ["TA0003", "TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["kernel_read_file", "kernel_load_data", "kernel_module_request", "file_open", "file_permission"],
    attempt:
      "A process loaded a kernel module, made the kernel ask for one, or tried to change the program that the kernel starts to load them: code in the kernel reads everything.",
    defence:
      "The load is refused before the module is read, the request before the loader is started, and the setting before it can be changed.",
    compliance: injectControls,
    args: [
      {
        key: "road",
        form: { 1: "finit_module", 2: "init_module", 3: "kernel_request", 4: "modprobe_path" },
        meaning: "how the module was to get in",
      },
    ],
    name: { key: "module", meaning: "file or module name; none where a protected process made the kernel ask for it" },
  },
  bpf_load: {
    title: "BPF program load",
    eventType: "BPF_LOAD",
    severity: "high",
    attack: { techniques: ["T1014"], tactics: ["TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["bpf", "locked_down", "bpf_prog"],
    attempt:
      "A process loaded a BPF program of a type that can read the memory of other processes or interfere with the guards.",
    defence:
      "The load is refused before the program is verified. A program of another type that copies, compares or prints memory of its choice (the kernel's, or that of whoever it runs for), sends signals, or follows typed pointers through the kernel's memory, is refused once it is verified, when it should get its descriptor; so is who asks for such a program by its id (ENOENT) or its pin. Executables on the allow list pass.",
    compliance: injectControls,
    args: [{ key: "programType", form: "number", meaning: "BPF_PROG_TYPE_* of the program" }],
    name: { key: "program", meaning: "name that the loader gave the program" },
  },
  dev_mem: {
    title: "Physical memory device",
    eventType: "KERNEL_MEMORY_READ",
    severity: "critical",
    attack: { techniques: ["T1003", "T1068"], tactics: ["TA0006", "TA0004"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open"],
    attempt: "A process opened the device of physical memory, kernel memory or I/O ports.",
    defence: "The open is refused by the device's number, whatever the path or name of the file.",
    compliance: readControls,
    args: [{ key: "minor", form: { 1: "mem", 2: "kmem", 4: "port" }, meaning: "minor number of the memory device" }],
    name: { key: "file", meaning: "name of the device file" },
  },
  kcore: {
    title: "Kernel memory image",
    eventType: "KERNEL_MEMORY_READ",
    severity: "critical",
    attack: { techniques: ["T1003.007", "T1611"], tactics: ["TA0006", "TA0004"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open", "file_permission"],
    attempt: "A process opened the image of all memory that procfs offers (kcore, vmcore).",
    defence: "The open is refused by what the file is, on every procfs mount.",
    compliance: readControls,
    args: [],
    name: { key: "file", meaning: "name of the procfs file" },
  },
  core_pattern: {
    title: "Destination of core dumps",
    eventType: "CORE_PATTERN",
    severity: "high",
    attack: { techniques: ["T1003", "T1562.001"], tactics: ["TA0006", "TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open", "file_permission"],
    attempt:
      "A process opened kernel.core_pattern, kernel.core_pipe_limit or fs.suid_dumpable for writing: the next crash would hand the memory of the process to the attacker's file or program. Or a setting by which the kernel prints the registers of whoever runs or dies: kernel.hung_task_all_cpu_backtrace and others that end so, kernel.print-fatal-signals.",
    defence: "The open for writing is refused on every procfs mount; reading stays possible.",
    compliance: readControls,
    args: [{ key: "openFlags", form: "bits", meaning: "open flags of the file (O_*)" }],
    name: { key: "file", meaning: "name of the setting" },
  },
} as const satisfies Record<string, VectorEntry>;
