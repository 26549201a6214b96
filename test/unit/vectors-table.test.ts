// SPDX-License-Identifier: Apache-2.0
// The vector table against the C header: same vectors, doors that exist, arguments that fit.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isVectorName, joinVectorNumbers, namesByNumber, vectorEntry, vectorNames } from "../../src/vectors/index.js";

const header = readFileSync(new URL("../../bpf/abi.h", import.meta.url), "utf8");

function enumOf(prefix: string): Record<string, number> {
  const pairs = [...header.matchAll(new RegExp(`\\b${prefix}([A-Z0-9_]+) = (\\d+)`, "g"))];
  return Object.fromEntries(pairs.map(([, name = "", number]) => [name.toLowerCase(), Number(number)]));
}

const vectorEnum = enumOf("CT_VECTOR_");
const doors = new Set(namesByNumber(enumOf("CT_DOOR_")).values());

describe("vector table", () => {
  it("holds the same vectors as enum ct_vector", () => {
    expect([...namesByNumber(vectorEnum).values()].sort()).toEqual([...vectorNames].sort());
  });

  it.each(vectorNames)("%s is filled in", (name) => {
    const entry = vectorEntry(name);
    expect(entry.doors.length).toBeGreaterThan(0);
    for (const door of entry.doors) expect(doors).toContain(door);
    for (const technique of entry.attack.techniques) expect(technique).toMatch(/^T\d{4}(\.\d{3})?$/);
    for (const tactic of entry.attack.tactics) expect(tactic).toMatch(/^TA\d{4}$/);
    expect(entry.eventType).toMatch(/^[A-Z][A-Z_]+$/);
    expect(entry.attempt).toMatch(/^[A-Z].*\.$/);
    expect(entry.defence).toMatch(/^[A-Z].*\.$/);
    expect(entry.compliance.length).toBeGreaterThan(0);
    expect(entry.args.length).toBeLessThanOrEqual(4);
    const keys = [...entry.args.map((arg) => arg.key), ...(entry.name ? [entry.name.key] : [])];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("knows names only by their own keys", () => {
    expect(isVectorName("kcore")).toBe(true);
    expect(isVectorName("toString")).toBe(false);
  });
});

describe("joinVectorNumbers", () => {
  it("translates both ways with the numbers of the header", () => {
    const numbers = joinVectorNumbers(vectorEnum);
    for (const name of vectorNames) expect(numbers.nameOf(numbers.numberOf(name))).toBe(name);
    expect(numbers.nameOf(0)).toBeUndefined();
    expect(numbers.nameOf(63)).toBeUndefined();
  });

  it("refuses an enum that has drifted from the table", () => {
    expect(() => joinVectorNumbers({ ...vectorEnum, new_one: 40 })).toThrow(/new_one/);
    const { kcore: _, ...fewer } = vectorEnum;
    expect(() => joinVectorNumbers(fewer)).toThrow(/kcore/);
  });
});
