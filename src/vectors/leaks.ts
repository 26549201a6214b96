// SPDX-License-Identifier: Apache-2.0
// Rows of the table: a protected process lets a registered secret of its own out. Content decides, not the place.

import type { VectorEntry } from "./entry.js";

/** Made in src/pipeline/leak.ts. No byte of a secret is in any of them. */
const leakDetails = [
  { key: "secret", meaning: "name of the registered secret; left out if nothing was matched" },
  { key: "encoding", meaning: "plain, base64, base64url, hex, hex_upper, percent, json or shell" },
  { key: "offset", meaning: "where it began in the operation: start, first_64, first_4096 or later" },
  { key: "length", meaning: "bytes of what was matched, in that encoding" },
  {
    key: "unscanned",
    meaning:
      "why the operation was not looked at whole, in place of the four above: unreadable (memory that was not there), beyond (more than leaks.scanLimit), unknown (a call whose buffer is not known), busy",
  },
  {
    key: "sink",
    meaning:
      "file, pipe, device, internet, unix, socket, arguments, name, link, xattr, process_name, message, key or keyboard",
  },
  { key: "destination", meaning: "address and port, if that is internet" },
] as const;

/** Its own field in formats: whoever names a file must not add to what detail says. */
const leakName = { key: "name", meaning: "last name of the file, if there is one" } as const;

/** Leaving by an own act is what data leakage prevention is about. */
const leakControls = [
  "GDPR Art. 32",
  "NIS2 Art. 21(2)(b)",
  "DORA Art. 9",
  "DORA Art. 10",
  "ISO 27001 A.8.2",
  "ISO 27001 A.8.12",
  "SOC 2 CC6.1",
  "SOC 2 CC6.7",
  "SOC 2 CC7.2",
] as const;

export const leakVectors = {
  leak_write: {
    title: "Secret written",
    eventType: "SECRET_LEAK",
    severity: "critical",
    attack: { techniques: ["T1005", "T1074.001"], tactics: ["TA0009"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["file_permission", "file_ioctl"],
    attempt:
      "The protected process was about to write one of its registered secrets, plain or encoded, to a file, pipe, terminal or device.",
    defence:
      "The write is refused before a byte of it leaves. Where content cannot be read (pages that are not there, io_uring, characters typed into a terminal one by one) the configuration says whether it is refused or reported.",
    compliance: leakControls,
    args: [],
    details: leakDetails,
    name: leakName,
  },
  leak_send: {
    title: "Secret sent",
    eventType: "SECRET_LEAK",
    severity: "critical",
    attack: { techniques: ["T1041", "T1048"], tactics: ["TA0010"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["socket_sendmsg"],
    attempt:
      "The protected process was about to send one of its registered secrets, plain or encoded, over a socket to where that secret may not go.",
    defence: "The message is refused before it reaches the socket; the destinations allowed for that secret stay open.",
    compliance: leakControls,
    args: [],
    details: leakDetails,
    name: leakName,
  },
  leak_exec: {
    title: "Secret in arguments",
    eventType: "SECRET_LEAK",
    severity: "critical",
    attack: { techniques: ["T1552", "T1057"], tactics: ["TA0006", "TA0007"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["bprm_check_security"],
    attempt:
      "The protected process was about to execute a program with one of its registered secrets among the arguments, which every process can read.",
    defence:
      "The exec is refused. What is executed stays protected, so its environment is not everybody's to see, and secrets may be in it.",
    compliance: leakControls,
    args: [],
    details: leakDetails,
    name: leakName,
  },
  leak_name: {
    title: "Secret in a name",
    eventType: "SECRET_LEAK",
    severity: "high",
    attack: { techniques: ["T1005", "T1074.001"], tactics: ["TA0009"] },
    defaultMode: "inherit",
    scope: "own",
    doors: [
      "inode_create",
      "inode_mkdir",
      "inode_mknod",
      "inode_symlink",
      "inode_link",
      "inode_rename",
      "inode_setxattr",
      "task_prctl",
    ],
    attempt:
      "The protected process was about to give a file, directory, node or link a name that holds one of its registered secrets, to put one into a link's target or an extended attribute, or to name a thread so.",
    defence: "The call is refused before the name exists.",
    compliance: leakControls,
    args: [],
    details: leakDetails,
    name: leakName,
  },
  leak_ipc: {
    title: "Secret in a message or key",
    eventType: "SECRET_LEAK",
    severity: "high",
    attack: { techniques: ["T1559"], tactics: ["TA0002", "TA0009"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["msg_msg_alloc_security", "key_permission"],
    attempt:
      "The protected process was about to put one of its registered secrets into a System V or POSIX message queue, or into a key of the kernel's key rings.",
    defence: "The call is refused before anything is queued or stored.",
    compliance: leakControls,
    args: [],
    details: leakDetails,
    name: leakName,
  },
} as const satisfies Record<string, VectorEntry>;
