// SPDX-License-Identifier: Apache-2.0
// Rows of the table: the machine below the kernel, and what carries memory out of it as a whole.

import type { VectorEntry } from "./entry.js";
import { injectControls, readControls } from "./shared.js";

const deviceName = { key: "file", meaning: "name of the file; empty if the attempt was a system call" } as const;

export const machineVectors = {
  msr_io: {
    title: "Machine registers and devices",
    eventType: "KERNEL_MEMORY_READ",
    severity: "critical",
    attack: { techniques: ["T1068", "T1014"], tactics: ["TA0004", "TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open", "locked_down"],
    attempt:
      "A process reached for model-specific registers, I/O ports, PCI configuration, ACPI tables, or a device of VFIO or UIO: each is a road to all memory past the kernel.",
    defence:
      "Devices are refused at open by their number, the rest by the question that the kernel asks its lockdown hook. Reading PCI configuration passes. arm64 has neither ports nor model-specific registers, so those roads do not exist there. Majors of VFIO and UIO are known once their driver is loaded and the agent has looked (at start and every canary.interval).",
    compliance: readControls,
    args: [
      {
        key: "road",
        form: { 1: "msr", 2: "io_port", 3: "pci", 4: "acpi_table", 5: "vfio", 6: "uio" },
        meaning: "what was reached for",
      },
    ],
    name: deviceName,
  },
  kexec: {
    title: "Kernel replacement",
    eventType: "KEXEC",
    severity: "critical",
    attack: { techniques: ["T1014", "T1542"], tactics: ["TA0005", "TA0003"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["kernel_read_file", "kernel_load_data"],
    attempt: "A process loaded another kernel to boot into: it would find all memory as this one left it.",
    defence:
      "The load is refused before the image is read. Taking a loaded image out by kexec_load is refused as well, by kexec_file_load it is not.",
    compliance: injectControls,
    args: [],
    name: deviceName,
  },
  tracefs_probe: {
    title: "Probes and recordings by tracefs",
    eventType: "TRACE_PROBE",
    severity: "high",
    attack: { techniques: ["T1056.004", "T1014"], tactics: ["TA0006", "TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open"],
    attempt:
      "A process opened kprobe_events, uprobe_events, dynamic_events or synthetic_events for writing, since a probe reads registers and memory wherever it is set, and a synthetic event makes a text of any address; or a trigger of an event or a filter of a system call's event, which compare or count the text at an address that a call was given, the kernel's too; or what adds user stacks to events (options/userstacktrace, trace_options); or, on kernels from 6.19 on, a file that switches on the events of system calls, which record what a call was given, the bytes of a write among them.",
    defence:
      "The open is refused by what the file is, through every mount of tracefs and through debugfs. In each instance of tracing alike. On kernels from 6.19 on, enable of the system calls' events, set_event and set_ftrace_filter are such files too; events of other kinds can still be enabled by their own enable files.",
    compliance: readControls,
    args: [{ key: "openFlags", form: "bits", meaning: "open flags of the file (O_*)" }],
    name: deviceName,
  },
  swap_on: {
    title: "Swap switched on",
    eventType: "SWAP_ON",
    severity: "medium",
    attack: { techniques: ["T1003"], tactics: ["TA0006"] },
    defaultMode: "detect",
    scope: "node",
    doors: ["file_open"],
    attempt: "A process added swap: pages of protected processes may then be written to a disk.",
    defence:
      "The open that swapon makes is refused, for files and devices. Observed unless configured otherwise, since many nodes swap. Switching swap off always passes.",
    compliance: readControls,
    args: [],
    name: deviceName,
  },
  block_raw: {
    title: "Device behind swap",
    eventType: "RAW_DISK",
    severity: "high",
    attack: { techniques: ["T1006", "T1003"], tactics: ["TA0005", "TA0006"] },
    defaultMode: "detect",
    scope: "node",
    doors: ["file_open"],
    attempt: "A process opened a block device that holds active swap, and with it pages of protected processes.",
    defence:
      "The open is refused by the device's number: that of the swap, of the disks under it, and of the disk that carries a swap file. The agent looks which these are at start and every canary.interval. Observed unless configured otherwise: lsblk, fsck and udev read disks as well.",
    compliance: readControls,
    args: [
      { key: "major", form: "number", meaning: "major number of the device" },
      { key: "minor", form: "number", meaning: "minor number of the device" },
    ],
    name: deviceName,
  },
  hibernate: {
    title: "Hibernation",
    eventType: "HIBERNATE",
    severity: "high",
    attack: { techniques: ["T1003", "T1529"], tactics: ["TA0006", "TA0040"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["file_open", "locked_down"],
    attempt: "A process was about to have all memory written to disk, or an image from a disk take its place.",
    defence:
      "Opening state, autosleep and resume of /sys/power for writing and /dev/snapshot is refused, and hibernation by reboot(2). Other kinds of sleep go through these files too and are refused with it.",
    compliance: readControls,
    args: [],
    name: deviceName,
  },
} as const satisfies Record<string, VectorEntry>;
