// SPDX-License-Identifier: Apache-2.0
// Names of workloads: kept over a restart, forgotten when nothing is left of them, and cheap to have many of.
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Groups } from "../../src/scope/index.js";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-groups-"));
  file = join(directory, "workloads.json");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const many = Array.from({ length: 2500 }, (_, i) => `payments.api-${i}`);

describe("names", () => {
  it("that come together are written once, and known to the next agent", () => {
    const groups = new Groups(file);
    groups.ensure("first");
    const { ino } = statSync(file);
    groups.ensureAll(many);
    const written = statSync(file).ino;
    expect(written).not.toBe(ino);
    groups.ensureAll(many);
    expect(statSync(file).ino, "nothing is new").toBe(written);
    const next = new Groups(file);
    expect(many.map((name) => next.numberOf(name))).toEqual(many.map((name) => groups.numberOf(name)));
    expect(new Set(Object.values(JSON.parse(readFileSync(file, "utf8")) as object)).size).toBe(2501);
  });

  it("of which nothing is left are forgotten at the second look, and their numbers do not come again at once", () => {
    const groups = new Groups(file);
    groups.ensureAll(many);
    const [first = "", second = ""] = many;
    const kept = groups.numberOf(first) ?? 0;
    const back = groups.numberOf(second) ?? 0;
    groups.prune(new Set([kept]));
    expect(groups.names(), "it may be on its way").toHaveLength(2500);
    groups.prune(new Set([kept, back]));
    expect(groups.names()).toEqual([first, second]);
    groups.prune(new Set([kept]));
    expect(groups.names(), "one look after it was in use").toEqual([first, second]);
    groups.prune(new Set([kept]));
    expect(new Groups(file).names()).toEqual([first]);
    expect(groups.ensure("new")).toBeGreaterThan(2500);
  });

  it("that cannot be kept are known all the same, and kept once there is room", () => {
    const groups = new Groups(file);
    // Where the file is written anew.
    symlinkSync("/dev/full", `${file}.new`);
    const number = groups.ensure("payments");
    expect(groups.nameOf(number)).toBe("payments");
    groups.reserve(new Set([number, 77]));
    groups.keepOnly(new Set([number]));
    expect(groups.problem).toContain("ENOSPC");
    rmSync(`${file}.new`);
    groups.prune(new Set([number]));
    expect(groups.problem).toBe("");
    expect(new Groups(file).numberOf("payments")).toBe(number);
  });

  it("get numbers that the kernel counts apart, as long as there are such", () => {
    const groups = new Groups(file, 8);
    groups.ensureAll(["a", "b", "c"]);
    groups.keepOnly(new Set([groups.numberOf("b") ?? 0]));
    const rest = Array.from({ length: 7 }, (_, i) => groups.ensure(`new-${i}`));
    const slots = (numbers: number[]): number => new Set(numbers.map((number) => number % 8)).size;
    expect(slots([groups.numberOf("b") ?? 0, ...rest])).toBe(8);
    expect(groups.ensure("one more")).toBeGreaterThan(0);
  });
});
