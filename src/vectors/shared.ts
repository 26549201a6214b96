// SPDX-License-Identifier: Apache-2.0
// Pieces that several rows of the table share: argument meanings and groups of compliance controls.

import type { ArgumentMeaning } from "./entry.js";

/** Confidentiality of processing, incident handling, prevention and detection: what every refused read is evidence for. */
export const readControls = [
  "GDPR Art. 32",
  "NIS2 Art. 21(2)(b)",
  "DORA Art. 9",
  "DORA Art. 10",
  "ISO 27001 A.8.2",
  "ISO 27001 A.8.12",
  "SOC 2 CC6.1",
  "SOC 2 CC6.6",
  "SOC 2 CC7.2",
] as const;

/** Writing into a process is code injection: protection against malware instead of leak prevention. */
export const injectControls = [
  "GDPR Art. 32",
  "NIS2 Art. 21(2)(b)",
  "DORA Art. 9",
  "DORA Art. 10",
  "ISO 27001 A.8.2",
  "ISO 27001 A.8.7",
  "SOC 2 CC6.1",
  "SOC 2 CC6.6",
  "SOC 2 CC7.2",
] as const;

export const accessArgs = [
  { key: "accessMode", form: "bits", meaning: "PTRACE_MODE_* bits that the kernel asked for" },
  { key: "ptraceRequest", form: "number", meaning: "PTRACE_* request, 0 if the call was not ptrace" },
] as const satisfies readonly ArgumentMeaning[];

export const perfArgs = [
  { key: "perfType", form: "number", meaning: "PERF_TYPE_* of the event; attach type for a link of a BPF program" },
  { key: "sampleType", form: "bits", meaning: "PERF_SAMPLE_* bits, what each sample would hold" },
] as const satisfies readonly ArgumentMeaning[];

export const procfsArgs = [
  { key: "openFlags", form: "bits", meaning: "open flags of the file (O_*)" },
  { key: "openedTid", form: "number", meaning: "thread id whose procfs directory was opened" },
] as const satisfies readonly ArgumentMeaning[];

export const linkArgs = [
  { key: "tid", form: "number", meaning: "thread id whose procfs directory holds the link" },
] as const satisfies readonly ArgumentMeaning[];

export const linkName = {
  key: "link",
  meaning: "name of the link: a descriptor number, a range of addresses, root or cwd",
} as const;

export const procfsName = {
  key: "file",
  meaning: "name of the procfs file; empty if the ptrace access check refused it",
} as const;
