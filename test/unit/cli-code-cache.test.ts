// SPDX-License-Identifier: Apache-2.0
// Files of a bundle run with their code cache, with a damaged one, and with none.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Bundle, cacheSuffix } from "../../src/cli/code-cache.js";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-code-cache-"));
  writeFileSync(
    join(directory, "one.cjs"),
    `exports.sum = (a, b) => a + b;\nexports.two = require("./two.cjs").name;\nexports.at = [__filename, __dirname];\n`,
  );
  writeFileSync(join(directory, "two.cjs"), `exports.name = require("node:path").basename(__filename);\n`);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const works = (bundle: Bundle): void => {
  const one = bundle.load("one.cjs") as { sum: (a: number, b: number) => number; two: string; at: string[] };
  expect(one.sum(2, 3)).toBe(5);
  expect(one.two).toBe("two.cjs");
  expect(one.at).toEqual([join(directory, "one.cjs"), directory]);
  expect(bundle.load("one.cjs"), "a file runs once").toBe(one);
};

function cache(): Buffer {
  const bundle = new Bundle(directory, false);
  works(bundle);
  const made = bundle.scripts.get("one.cjs")?.createCachedData() ?? Buffer.alloc(0);
  writeFileSync(join(directory, `one.cjs${cacheSuffix}`), made);
  return made;
}

/** V8 remembers within a process what it has compiled, and asks no cache for it. */
function inOwnProcess(records: boolean, flags: string[]): unknown {
  const script = `
    const { Bundle } = await import(${JSON.stringify(new URL("../../dist/src/cli/code-cache.js", import.meta.url).href)});
    const { writeFileSync } = await import("node:fs");
    const bundle = new Bundle(${JSON.stringify(directory)}, ${!records});
    const { sum } = bundle.load("one.cjs");
    if (${records}) for (const [name, script] of bundle.scripts)
      writeFileSync(${JSON.stringify(`${directory}/`)} + name + ${JSON.stringify(cacheSuffix)}, script.createCachedData());
    console.log(JSON.stringify({ sum: sum(2, 3), refused: bundle.refused() }));`;
  const args = [...flags, "--input-type=module", "-e", script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", env: {} }));
}

describe("a file of a bundle", () => {
  it("runs without a cache", () => {
    const bundle = new Bundle(directory);
    works(bundle);
    expect([...bundle.scripts.keys()]).toEqual(["one.cjs", "two.cjs"]);
    expect(bundle.refused()).toEqual([]);
  });

  it.each([
    ["empty", (made: Buffer) => made.subarray(0, 0)],
    ["cut short", (made: Buffer) => made.subarray(0, made.length / 2)],
    ["of another version", (made: Buffer) => Buffer.concat([made.subarray(0, 4), Buffer.alloc(4), made.subarray(8)])],
    ["no cache at all", () => Buffer.from("x".repeat(1000))],
  ])("runs as if there were none where the cache is %s", (_, damage) => {
    writeFileSync(join(directory, `one.cjs${cacheSuffix}`), damage(cache()));
    expect(inOwnProcess(false, [])).toEqual({ sum: 5, refused: ["one.cjs"] });
  });

  it("runs where its cache is of other contents", () => {
    cache();
    writeFileSync(join(directory, "one.cjs"), `exports.sum = () => "other"; exports.longer = true;\n`);
    const bundle = new Bundle(directory);
    expect((bundle.load("one.cjs") as { sum: () => string }).sum()).toBe("other");
    expect(bundle.refused()).toEqual(["one.cjs"]);
  });

  it("says which file is wrong, and where", () => {
    writeFileSync(join(directory, "two.cjs"), `\n\nthrow new Error("from the third line");\n`);
    const bundle = new Bundle(directory);
    expect(() => bundle.load("one.cjs")).toThrow("from the third line");
    try {
      new Bundle(directory).load("two.cjs");
    } catch (error) {
      expect((error as Error).stack).toContain(`${join(directory, "two.cjs")}:3:`);
    }
    expect(() => bundle.load("three.cjs")).toThrow(/ENOENT.*three\.cjs/);
  });

  it("keeps the exports of a file that is required while it runs", () => {
    writeFileSync(join(directory, "a.cjs"), `exports.early = 1; exports.b = require("./b.cjs").seen;\n`);
    writeFileSync(join(directory, "b.cjs"), `exports.seen = require("./a.cjs").early;\n`);
    expect(new Bundle(directory).load("a.cjs")).toEqual({ early: 1, b: 1 });
  });

  it("has a cache that another start takes under the same flags alone", () => {
    inOwnProcess(true, ["--max-semi-space-size=4"]);
    expect(inOwnProcess(false, ["--max-semi-space-size=4"])).toEqual({ sum: 5, refused: [] });
    expect(inOwnProcess(false, ["--max-semi-space-size=8"])).toEqual({ sum: 5, refused: ["one.cjs", "two.cjs"] });
  });
});
