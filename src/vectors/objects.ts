// SPDX-License-Identifier: Apache-2.0
// Rows of the table: the BPF objects of the agent, by which the guards stand, and their names in bpffs.

import type { VectorEntry } from "./entry.js";
import { injectControls } from "./shared.js";

export const objectVectors = {
  bpf_tamper: {
    title: "The agent's BPF objects",
    eventType: "AGENT_TAMPER",
    severity: "critical",
    // bpftool and perf ask for every object on the node by its id, and get ENOENT for ours.
    roadSeverity: { by_id: "medium" },
    attack: { techniques: ["T1562.001", "T1014"], tactics: ["TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: ["bpf", "bpf_map", "bpf_prog", "capable", "mmap_file", "file_open"],
    attempt:
      "A process asked for a descriptor of one of the agent's maps, programs or links, by its id or by its pin, opened the pin of a map to read it, or used one that it had: with it the policy can be changed, protection ended, events taken away.",
    defence:
      "The descriptor is not given out, also while nothing is protected. By id the answer is ENOENT, so that tools that list everybody's objects go on to the next; ids stay visible. A descriptor from before is refused at each use and cannot be mapped, put into a map, or used by a program.",
    compliance: injectControls,
    args: [
      {
        key: "road",
        form: { 1: "by_id", 2: "pinned", 3: "held_descriptor", 4: "mapping" },
        meaning: "how the object was reached",
      },
      { key: "command", form: "number", meaning: "BPF_* command of the bpf() call, 0 if it was none" },
    ],
    name: { key: "object", meaning: "name of the map or program, if the kernel showed it" },
  },
  pin_remove: {
    title: "The agent's pins",
    eventType: "AGENT_TAMPER",
    severity: "critical",
    attack: { techniques: ["T1562.001"], tactics: ["TA0005"] },
    defaultMode: "inherit",
    scope: "node",
    doors: [
      "inode_unlink",
      "inode_rename",
      "inode_rmdir",
      "inode_link",
      "inode_create",
      "inode_mkdir",
      "inode_symlink",
      "path_chmod",
      "sb_umount",
      "sb_mount",
      "move_mount",
    ],
    attempt:
      "A process was about to remove, rename, cover or unmount the pins of the guards, without which the guards end with the agent, or to put something beside them, which the next agent would find among its own.",
    defence:
      "Refused before anything changes, also while nothing is protected: for the pins by their directory, for mounts by whether the pins hang on them, also through the sharing of mounts from another namespace. Other pins and other mounts of bpffs are left alone.",
    compliance: injectControls,
    args: [
      {
        key: "road",
        form: {
          1: "unlink",
          2: "rename",
          3: "link",
          4: "rmdir",
          5: "chmod",
          6: "unmount",
          7: "cover",
          8: "move",
          9: "add",
        },
        meaning: "what was about to be done",
      },
    ],
    name: { key: "file", meaning: "name of the pin, or of the directory that something is mounted on" },
  },
} as const satisfies Record<string, VectorEntry>;
