// SPDX-License-Identifier: Apache-2.0
// The stacks of a chain of calls may have 512 bytes together, which some verifiers count and others do not: 6.1 refuses
// what 6.12 loads. So it is counted here, in what was built.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";

const allowed = 512;
const folders = ["build/bpf/parts", "build/bpf/leaks"];

interface Routine {
  /** Bytes below the frame pointer. */
  frame: number;
  calls: { symbol: string; offset: number }[];
}

const number = (text = ""): number => Number.parseInt(text, text.includes("0x") ? 16 : 10);

/** Routines by name, the name of that at each place ("section:instruction"), and the names of programs. */
function readObject(path: string) {
  const routines = new Map<string, Routine>();
  const places = new Map<string, string>();
  const programs: string[] = [];
  let section = "";
  let routine: Routine | undefined;
  let imm = 0;
  for (const line of execFileSync("llvm-objdump-19", ["-dr", "--no-show-raw-insn", path], { encoding: "utf8" }).split(
    "\n",
  )) {
    section = /^Disassembly of section (.*):/.exec(line)?.[1] ?? section;
    const start = /^([0-9a-f]+) <([A-Za-z_]\w*)>:/.exec(line);
    if (start && !/^LBB/.test(start[2] ?? "")) {
      const [, at, name = ""] = start;
      routine = { frame: 0, calls: [] };
      routines.set(name, routine);
      places.set(`${section}:${Number.parseInt(at ?? "", 16) / 8}`, name);
      if (!section.startsWith(".")) programs.push(name);
    }
    if (!routine) continue;
    for (const [, depth] of line.matchAll(/r10 - (0x[0-9a-f]+|\d+)/g))
      routine.frame = Math.max(routine.frame, number(depth));
    // The address of something on the stack; larger numbers are no such.
    const address = number(/r\d \+= -(0x[0-9a-f]+|\d+)/.exec(line)?.[1] ?? "0");
    if (address <= allowed) routine.frame = Math.max(routine.frame, address);
    imm = number(/\bcall (-?(?:0x)?[0-9a-f]+)/.exec(line)?.[1] ?? `${imm}`);
    const symbol = /R_BPF_64_32\s+(\S+)/.exec(line)?.[1];
    if (symbol) routine.calls.push({ symbol, offset: imm });
  }
  return { routines, places, programs };
}

/** The deepest chain from a routine on, with the stack of each, rounded up as the verifier does. */
function deepest(object: ReturnType<typeof readObject>, name: string): { depth: number; chain: string } {
  const { frame = 0, calls = [] } = object.routines.get(name) ?? {};
  const own = Math.ceil(Math.max(frame, 1) / 32) * 32;
  let below = { depth: 0, chain: "" };
  for (const { symbol, offset } of calls) {
    // A global function by its name, a static one by its place in the section.
    const called = object.routines.has(symbol) ? symbol : object.places.get(`${symbol}:${offset + 1}`);
    if (called === undefined) throw new Error(`${name} calls something unknown: ${symbol} ${offset}`);
    const found = deepest(object, called);
    if (found.depth > below.depth) below = found;
  }
  return { depth: own + below.depth, chain: `${name}:${own} ${below.chain}` };
}

it.each(folders)("every program in %s keeps to the stack that all kernels give", (folder) => {
  const objects = readdirSync(folder).filter((name) => name.endsWith(".o"));
  expect(objects.length).toBeGreaterThan(10);
  for (const name of objects) {
    const object = readObject(`${folder}/${name}`);
    expect(object.programs.length, name).toBeGreaterThan(0);
    for (const program of object.programs) {
      const { depth, chain } = deepest(object, program);
      expect(depth, chain).toBeLessThanOrEqual(allowed);
      expect(depth, chain).toBeGreaterThan(0);
    }
  }
});
