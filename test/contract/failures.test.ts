// SPDX-License-Identifier: Apache-2.0
// What happens when a map has no entry, no room or refuses an update is written twice: above the map, for who changes a door,
// and in the threat model, for who relies on it.
import { describe, expect, it } from "vitest";
import { roomDoors, sharedMaps } from "../../src/kernel/load.js";
import { secretMapNames } from "../../src/kernel/secret-table.js";
import { filesBelow } from "../../tools/tree.js";
import { read } from "./sources.js";

interface FoundMap {
  name: string;
  /** Of an array, every entry is there from the start. */
  canBeFull: boolean;
  /** The comment that ends in the line before it; "" if there is none. */
  comment: string;
}

/** A map of the sources, rooms as the one macro that makes them: room_##hook. */
function mapsOf(path: string): FoundMap[] {
  const lines = read(path).split("\n");
  return lines.flatMap((line, end) => {
    const name = /^\s*} ([\w#]+) __weak SEC\("\.maps"\)/.exec(line)?.[1];
    if (name === undefined) return [];
    let begin = end;
    while (!/^\s*struct \{/.test(lines[begin] ?? "")) begin--;
    const canBeFull = !/BPF_MAP_TYPE_(?:PERCPU_)?ARRAY\b/.test(lines.slice(begin, end).join());
    if (lines[begin - 1]?.startsWith("#define ")) begin--;
    const last = begin - 1;
    if (!lines[last]?.trim().endsWith("*/")) return [{ name, canBeFull, comment: "" }];
    let first = last;
    while (!lines[first]?.trim().startsWith("/*")) first--;
    return [{ name, canBeFull, comment: lines.slice(first, last + 1).join("\n") }];
  });
}

const maps = filesBelow("bpf")
  .filter((path) => /\.[ch]$/.test(path))
  .flatMap(mapsOf);

/** Names in the first column of the table, as code. */
const rows = (read("docs/THREAT-MODEL.md").split("## When something fails")[1] ?? "")
  .split("\n## ")[0]
  ?.split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.split(" | "));
const named = new Set(rows?.flatMap(([part]) => [...(part ?? "").matchAll(/`([\w*]+)`/g)].map(([, name]) => name)));

describe("every map of the doors", () => {
  it("is found", () => {
    const names = maps.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...sharedMaps, ...secretMapNames, "leak_scratch", "room_##hook"]));
    expect(new Set(names).size).toBe(names.length);
    expect(roomDoors.length).toBeGreaterThan(0);
  });

  it("has a comment directly above it that says what happens when it fails", () => {
    const failure =
      /cannot|missing|no (?:room|entry|program)|full|fails|lost|taken|forg[eo]t|not set|as exact|without/i;
    const silent = maps.filter(({ comment }) => !failure.test(comment.replace(/\s*\*?\s+/g, " ")));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it("has a row of what happens then in the threat model", () => {
    expect(maps.map(({ name }) => name.replace("##hook", "*")).filter((name) => !named.has(name))).toEqual([]);
  });
});

it("each row says which way it fails", () => {
  const bare = rows?.filter((cells) => cells.length !== 3 || cells.some((cell) => cell.replace(/[|\s]/g, "") === ""));
  expect(bare?.map(([part]) => part)).toEqual([]);
});

it("each map that can be full is filled in a test, or it is said why not", () => {
  const section = (read("docs/THREAT-MODEL.md").split("## Where maps are made full")[1] ?? "").split("\n## ")[0] ?? "";
  const filled = new Map(
    section
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .flatMap((line) => {
        const [names = "", how = "", test = ""] = line.slice(2, -2).split(" | ");
        return [...names.matchAll(/`([\w*]+)`/g)].map(([, name = ""]) => [name, { how, test }] as const);
      }),
  );
  const fillable = maps.filter(({ canBeFull }) => canBeFull).map(({ name }) => name.replace("##hook", "*"));
  expect(fillable.length).toBeGreaterThan(15);
  expect(fillable.filter((name) => !filled.has(name))).toEqual([]);
  for (const [name, { how, test }] of filled) {
    const path = /`(test\/[\w./-]+)`/.exec(test)?.[1];
    if (path === undefined) expect(how, name).toMatch(/^none: /);
    else expect(read(path), `${name} in ${path}`).toMatch(new RegExp(`\\b${name}\\b`));
  }
});
