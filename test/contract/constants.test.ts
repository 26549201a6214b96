// SPDX-License-Identifier: Apache-2.0
// Numbers that are written down twice, because one side is C and not in its BTF.
import { expect, it } from "vitest";
import { ringBytes } from "../../src/agent/measures.js";
import { product } from "../../src/formats/product.js";
import { maxCgroups } from "../../src/kernel/cgroups.js";
import { maxSinks } from "../../src/kernel/egress.js";
import { roomDoors, sharedMaps } from "../../src/kernel/load.js";
import { scopeLimit } from "../../src/kernel/paths.js";
import { maxAllowed, maxGroupPolicies } from "../../src/kernel/policy.js";
import { shareSlots } from "../../src/kernel/shares.js";
import { abiVersion } from "../../src/pipeline/steps.js";
import { defines, read, stems } from "./sources.js";

const maps = read("bpf/maps.h");

it("knows the size of the scope map and of the ring", () => {
  const own = defines(read("bpf/scope.h")).get("CT_SCOPE_OWN") ?? 0;
  expect(defines(maps).get("CT_SCOPE_MAX")).toBe(scopeLimit + own);
  expect(defines(maps).get("CT_RING_BYTES")).toBe(ringBytes);
});

it("knows how many rules and allow-list entries fit into one bank", () => {
  expect(defines(maps).get("CT_ALLOW_MAX")).toBe(maxAllowed);
  expect(defines(maps).get("CT_GROUP_POLICIES")).toBe(maxGroupPolicies);
  expect(defines(maps).get("CT_SINKS_MAX")).toBe(maxSinks);
});

it("knows how many control groups may be protected", () => {
  expect(defines(maps).get("CT_CGROUPS_MAX")).toBe(maxCgroups);
});

it("knows in how many slots processes are counted by workload", () => {
  expect(defines(maps).get("CT_SHARES")).toBe(shareSlots);
});

it("gives the filter as many slots as the hash has values", () => {
  const shift = Number(/>> (\d+); \/\* top/.exec(read("bpf/scope.h"))?.[1]);
  expect(2 ** (32 - shift)).toBe(defines(maps).get("CT_FILTER_SLOTS"));
});

it("decodes the version of the ABI that the kernel side stamps", () => {
  expect(defines(read("bpf/abi.h")).get("CT_ABI_VERSION")).toBe(abiVersion);
});

it("shares between generations exactly the maps that the sources define", () => {
  const defined = [...maps.matchAll(/^} (\w+) __weak SEC\("\.maps"\);$/gm)];
  expect(defined.map((match) => match[1]).sort()).toEqual([...sharedMaps].sort());
});

it("shares the maps of exactly the rooms that doors lead to, and each has its program", () => {
  const led = stems("bpf/doors", ".bpf.c").filter((door) => read(`bpf/doors/${door}.bpf.c`).includes("LEAK_ROOM("));
  expect(led).toEqual([...roomDoors].sort());
  expect(stems("bpf/leaks", ".bpf.c")).toEqual(led);
  for (const door of led) {
    expect(read(`bpf/doors/${door}.bpf.c`), door).toMatch(new RegExp(`^LEAK_ROOM\\(${door}\\);$`, "m"));
    expect(read(`bpf/doors/${door}.bpf.c`), door).toMatch(
      new RegExp(`\tENTER_ROOM\\(CT_VECTOR_LEAK_[A-Z]+, ${door}\\);$`, "m"),
    );
    expect(read(`bpf/leaks/${door}.bpf.c`), door).toMatch(new RegExp(`^ROOM\\(${door},`, "m"));
  }
});

it("knows each of these maps for the agent's own", () => {
  const local = [...read("bpf/local_maps.h").matchAll(/^} (\w+) __weak SEC/gm)].map((match) => match[1]);
  const listed = [...read("bpf/own.h").matchAll(/\bIS\((\w+)\)(?!.*\$)/gm)].map((match) => match[1]);
  expect(listed.filter((name) => name !== "map").sort()).toEqual([...sharedMaps, ...local].sort());
});

it("tells SIEMs the version of the package", () => {
  expect(JSON.parse(read("package.json")).version).toBe(product.version);
});
