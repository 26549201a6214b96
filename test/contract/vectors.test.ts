// SPDX-License-Identifier: Apache-2.0
// One list of vectors: ABI = table = triggers = configuration = reference.
import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Vector } from "../../src/kernel/abi.gen.js";
import { parseRoads } from "../../src/selftest/roads.js";
import { vectorEntry, vectorNames } from "../../src/vectors/index.js";
import { configuredVectors } from "../../tools/references/index.js";
import { enumNames, read, stems } from "./sources.js";

const table = [...vectorNames].sort();

describe("every vector", () => {
  it("has a number in enum ct_vector, and every number a row", () => {
    expect(enumNames(Vector)).toEqual(table);
  });

  it("has a trigger, and every trigger that attacks is of a vector", () => {
    const attackers = stems("test/triggers", ".c").filter((stem) =>
      /\brun_trigger\(argc, argv, "/.test(read(`test/triggers/${stem}.c`)),
    );
    expect(attackers).toEqual(table);
  });

  it("is named by its trigger as in the table", () => {
    for (const vector of vectorNames) {
      const named = /\brun_trigger\(argc, argv, "(\w+)"/.exec(read(`test/triggers/${vector}.c`))?.[1];
      expect(named).toBe(vector);
    }
  });

  // These start each of the programs several times.
  const patience = 60_000;

  const describedBy = (vector: string) =>
    parseRoads(execFileSync(`build/triggers/${vector}`, ["--describe-roads"], { encoding: "utf8", env: {} }));

  it(
    "has an attack program with a road that is harmless on a node in use, or with reasons why none is",
    () => {
      for (const vector of vectorNames) {
        const roads = describedBy(vector);
        expect(roads.length, vector).toBeGreaterThan(0);
        for (const { road, live, why } of roads)
          expect(live || why !== "", `${vector}/${road} says neither`).toBe(true);
        const list = execFileSync(`build/triggers/${vector}`, ["--list-roads"], { encoding: "utf8", env: {} });
        expect(roads.map(({ road }) => road)).toEqual(JSON.parse(list));
      }
    },
    patience,
  );

  it(
    "is not attacked on a node in use by a road that is not harmless there",
    () => {
      for (const vector of vectorNames) {
        for (const { road } of describedBy(vector).filter(({ live }) => !live)) {
          const argv = ["--live", "--road", road];
          const { status, stdout } = spawnSync(`build/triggers/${vector}`, argv, { encoding: "utf8", env: {} });
          expect({ vector, road, status }).toMatchObject({ status: 2 });
          expect(stdout).toContain("not on a node in use");
        }
      }
    },
    patience,
  );

  it("has a key in the configuration", () => {
    expect(configuredVectors().sort()).toEqual(table);
  });

  it("has a section in the reference, and every section a vector", () => {
    const sections = [...read("docs/reference/vectors.md").matchAll(/^## (\S+)$/gm)].map((match) => match[1]);
    expect(sections.sort()).toEqual(table);
  });

  it("is not in the threat model's list of what this version leaves open", () => {
    const open = /## What it does not stop yet\n([\s\S]*?)\n## /.exec(read("docs/THREAT-MODEL.md"))?.[1] ?? "";
    const listed = [...open.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    expect(open).toContain("this is left");
    expect(listed.filter((name) => table.includes(name as (typeof table)[number]))).toEqual([]);
  });

  it("has at most as many named arguments as the event carries", () => {
    for (const vector of vectorNames) expect(vectorEntry(vector).args.length).toBeLessThanOrEqual(4);
  });
});
