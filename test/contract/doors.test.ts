// SPDX-License-Identifier: Apache-2.0
// One list of doors: ABI = src/kernel/doors.ts = bpf/doors = reference; and guards stand where the vector table says.
import { describe, expect, it } from "vitest";
import { Door } from "../../src/kernel/abi.gen.js";
import { doorNames, doors, isTracepoint } from "../../src/kernel/doors.js";
import { isVectorName, vectorEntry, vectorNames } from "../../src/vectors/index.js";
import { enumNames, read, stems, vectorsNamedAt } from "./sources.js";

const guardPaths = stems("bpf/guards", ".h").map((guard) => `bpf/guards/${guard}.h`);
const names = [...doorNames].sort();

describe("every door", () => {
  it("has a number in enum ct_door, and every number a door", () => {
    expect(enumNames(Door)).toEqual(names);
  });

  it("has a source file, and every source file a door", () => {
    expect(stems("bpf/doors", ".bpf.c")).toEqual(names);
  });

  it("defines the program that its file names, and counts under its own number", () => {
    for (const door of doorNames) {
      const source = read(`bpf/doors/${door}.bpf.c`);
      expect(source, door).toMatch(new RegExp(`^${isTracepoint(door) ? "TRACE_" : ""}DOOR\\(${door},`, "m"));
      const numbers = [...source.matchAll(/\bCT_DOOR_([A-Z_]+)\b/g)].map((match) => match[1]?.toLowerCase());
      // What needs no proof counts none.
      expect(new Set(numbers), door).toEqual(new Set(doors[door].proof === "attached" ? [] : [door]));
    }
  });

  it("reads kernel objects by LOAD(), since the signal form has no typed pointers", () => {
    const ours =
      "attempt|act|to|call|access|me|its|entry|known|how|target|rule|name|key|set|role|parent|piece|seen|rules";
    const typed = [...stems("bpf/doors", ".bpf.c").map((door) => `bpf/doors/${door}.bpf.c`), ...guardPaths].flatMap(
      (path) =>
        read(path)
          .split("\n")
          .filter((line) => new RegExp(`\\b(?!(?:${ours})->)[a-z_]+->[a-z_]`).test(line))
          // Addresses of fields and questions to BTF read nothing.
          .filter(
            (line) => !/bpf_core_field_exists|return .*->d_(iname|shortname\.string);|LOAD_WORD|&cred->/.test(line),
          )
          .map((line) => `${path}: ${line.trim()}`),
    );
    expect(typed).toEqual([]);
  });

  it("has a section in the reference", () => {
    const sections = [...read("docs/reference/doors.md").matchAll(/^## (\S+)$/gm)].map((match) => match[1]);
    expect(sections.sort()).toEqual(names);
  });

  it("has a hook that is named like a function of the kernel", () => {
    for (const door of doorNames) expect(doors[door].hook).toMatch(/^[a-z_]+$/);
  });
});

/** Doors with guards of process vectors at which the agent is never the target of one, and why. */
const neverTheAgent: Readonly<Record<string, string>> = {
  bpf: "a link of a BPF program names no process",
  bprm_check_security: "the agent executes nothing",
  mmap_file: "what the agent maps is its own affair",
  task_setrlimit: "limits of the agent are agent_cgroup",
};

/** No guard names agent_access: decide() makes it of the vectors against processes. */
const canTargetAgent = (door: string): boolean =>
  neverTheAgent[door] === undefined &&
  [...vectorsNamedAt(door)].some((name) => isVectorName(name) && vectorEntry(name).scope === "process");

describe("guards", () => {
  it.each(vectorNames)("%s stands at the doors that the table names, and at no other", (vector) => {
    const standing = doorNames.filter((door) =>
      vector === "agent_access" ? canTargetAgent(door) : vectorsNamedAt(door).has(vector),
    );
    expect(standing.sort()).toEqual([...vectorEntry(vector).doors].sort());
  });
});
