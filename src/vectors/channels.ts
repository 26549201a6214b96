// SPDX-License-Identifier: Apache-2.0
// Rows of the table: channels by which a protected process could let its secrets out unseen, and where it may connect to.

import type { VectorEntry } from "./entry.js";
import { readControls } from "./shared.js";

const burst =
  "In detect mode what a process goes on doing so is one attempt, until it has been quiet for five seconds.";

export const channelVectors = {
  chan_io_uring: {
    title: "Channel: io_uring",
    eventType: "IO_URING_DENIED",
    severity: "high",
    attack: { techniques: ["T1562.001", "T1048"], tactics: ["TA0005", "TA0010"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["inode_init_security_anon", "mmap_file", "file_permission", "socket_sendmsg", "socket_connect"],
    attempt:
      "A protected process made an io_uring ring, or used one that it had from before protection began or inherited: what goes through a ring is read by workers of the kernel, where its content cannot be looked at.",
    defence: `The ring is refused when it is made or, before 5.16, when its memory is mapped; each read, write, send and connect through one that is there is refused by itself. Runtimes fall back on plain calls. ${burst}`,
    compliance: readControls,
    args: [
      {
        key: "road",
        form: { 1: "setup", 2: "map", 3: "file", 4: "send", 5: "connect" },
        meaning: "what was done with the ring",
      },
    ],
  },
  chan_splice: {
    title: "Channel: splice and its kin",
    eventType: "ZERO_COPY_DENIED",
    severity: "medium",
    attack: { techniques: ["T1048"], tactics: ["TA0010"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["file_permission"],
    attempt:
      "A protected process called splice, or sendfile or copy_file_range with a source that is no file on disk, or put its memory into a pipe by vmsplice: the data moves where nobody can look at it.",
    defence: `Refused with EINVAL, on which programs read and write instead. vmsplice itself cannot be refused: whoever reads the pipe, or splices from it, is, with EPERM, unless it waited in its read already. sendfile and copy_file_range of files on disk pass. ${burst}`,
    compliance: readControls,
    args: [
      {
        key: "call",
        form: { 1: "splice", 2: "sendfile", 3: "copy_file_range", 4: "vmsplice" },
        meaning: "the call; with vmsplice it is told when somebody takes from the pipe",
      },
    ],
  },
  chan_shared_map: {
    title: "Channel: shared memory",
    eventType: "SHARED_MAP_DENIED",
    severity: "medium",
    attack: { techniques: ["T1559", "T1048"], tactics: ["TA0009", "TA0010"] },
    defaultMode: "detect",
    scope: "own",
    doors: ["mmap_file", "file_mprotect", "shm_shmat"],
    attempt:
      "A protected process mapped a file, a memfd or a System V segment to write to it, shared with whoever maps it too.",
    defence:
      "The mapping, the attach or the later change of rights is refused. Private mappings, shared memory without a file, and memfd_secret pass. Observed unless configured otherwise: databases, Java and SQLite work so.",
    compliance: readControls,
    args: [
      {
        key: "road",
        form: { 1: "mmap", 2: "mprotect", 3: "shmat" },
        meaning: "how the memory became writable",
      },
    ],
    name: { key: "file", meaning: "name of the mapped file; empty for a System V segment" },
  },
  chan_fd_pass: {
    title: "Channel: descriptors of memory",
    eventType: "FD_PASS_DENIED",
    severity: "high",
    attack: { techniques: ["T1559", "T1048"], tactics: ["TA0009", "TA0010"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["socket_sendmsg"],
    attempt:
      "A protected process sent a descriptor of a memfd, of memory by memfd_secret, or of a process's mem over a unix socket.",
    defence:
      "The message is refused whole, whoever would receive it, since a socket can be handed on. Descriptors of other files pass.",
    compliance: readControls,
    args: [
      {
        key: "kind",
        form: { 1: "memfd", 2: "memfd_secret", 3: "mem", 4: "too_many" },
        meaning: "what the descriptor was of; too_many: more than 96 headers and descriptors in one message",
      },
    ],
  },
  chan_userfault: {
    title: "Channel: userfaultfd",
    eventType: "USERFAULTFD_DENIED",
    severity: "medium",
    attack: { techniques: ["T1068"], tactics: ["TA0004"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["inode_init_security_anon", "file_ioctl"],
    attempt:
      "A protected process made or used a userfaultfd, by which it can hold the kernel in the middle of reading its memory and exchange what is read.",
    defence:
      "Refused when it is made, by system call or by /dev/userfaultfd, and when one from before is given orders; before 5.12 by the latter alone.",
    compliance: readControls,
    args: [{ key: "road", form: { 1: "create", 2: "use" }, meaning: "what was done" }],
  },
  egress: {
    title: "Destination not on the list",
    eventType: "EGRESS_DENIED",
    severity: "high",
    attack: { techniques: ["T1041", "T1048"], tactics: ["TA0010"] },
    defaultMode: "inherit",
    scope: "own",
    doors: ["socket_connect", "socket_sendmsg"],
    attempt:
      "A protected process whose workload has a list of destinations (workloads[].egress) connected or sent to another address, or by a kind of socket for which there are no lists.",
    defence:
      "Refused before a packet leaves: connections when they are made, datagrams each time. Answers on accepted connections and unix sockets pass. A workload without a list is free.",
    compliance: readControls,
    args: [
      {
        key: "road",
        form: { 1: "connect", 2: "send", 3: "fast_open", 4: "other_family" },
        meaning: "how it was to be reached",
      },
      { key: "port", form: "number", meaning: "port; with other_family the number of the address family" },
      {
        key: "address",
        form: "address",
        meaning: "destination; :: with other_family, or if it was none of the internet",
      },
    ],
  },
} as const satisfies Record<string, VectorEntry>;
