// SPDX-License-Identifier: Apache-2.0
// docs/reference/doors.md: the kernel hooks, their forms and how each is proved.

import {
  attachFormOf,
  type DoorName,
  doorNames,
  doors,
  isTracepoint,
  type ProofRoad,
  programOf,
} from "../../src/kernel/doors.js";
import { vectorEntry, vectorNames } from "../../src/vectors/index.js";
import { code, entryLink, opening, table } from "./markdown.js";

const proofs = {
  attack:
    "The canary's prober attacks the canary's victim; the attempt must end in EPERM and the door must have counted it.",
  count:
    "The prober makes the kernel call the hook; the caller is told nothing, so only the door's own count is the proof.",
  fork: "The victim forks; an attack on the child must be refused, and the door must have counted the fork.",
  exec: "The victim executes itself; an attack on it afterwards must be refused, and the door must have counted the exec.",
  attached:
    "To be called, its program has only to be attached: a tracepoint is no function that ftrace_enabled could switch off.",
  reap: "A child of the victim ends and is reaped; the door must have counted its removal.",
} as const satisfies Record<ProofRoad, string>;

function section(name: DoorName): string {
  const { hook, guards, proof, ...more } = doors[name];
  const vectors = vectorNames.filter((vector) => (vectorEntry(vector).doors as readonly string[]).includes(name));
  return [
    `## ${name}`,
    "",
    table(
      ["", ""],
      [
        ["Hook", isTracepoint(name) ? `tracepoint ${code(hook)}` : code(`security_${hook}`)],
        ["Program", `${code(programOf(name))} in ${code(`bpf/doors/${name}.bpf.c`)}`],
        [
          "Forms",
          isTracepoint(name)
            ? `${code(`tp_btf/${name}`)} in all of them; it refuses nothing`
            : `${code(`lsm/${name}`)} or ${code(`${attachFormOf(name, "fmod_ret")}/security_${hook}`)}; ${code(`kprobe/security_${hook}`)} in the signal form`,
        ],
        ["Stands for", guards],
        [
          "Vectors",
          vectors.length === 0
            ? "none: it keeps the scope true"
            : vectors.map((v) => entryLink("vectors", v)).join(", "),
        ],
        ["Proof", proofs[proof]],
        ...("orElse" in more ? [["Where the kernel lacks it", more.orElse]] : []),
      ],
    ),
  ].join("\n");
}

export function doorsReference(): string {
  return [
    opening(
      "Doors",
      "src/kernel/doors.ts",
      "A door is one kernel hook with one BPF program. Guards stand at doors; a door that this kernel lacks or refuses fails alone.",
    ),
    ...doorNames.map(section),
  ].join("\n");
}
