// SPDX-License-Identifier: Apache-2.0
// What lies among the pins and is not the agent's: never taken for a generation, in nobody's way, gone with the rest.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BpfIterator } from "../../src/kernel/native.js";
import { Pins } from "../../src/kernel/pins.js";

const fixed = vi.hoisted(() => ({ paths: new Set<string>() }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const unlinkSync = (path: string): void => {
    if (fixed.paths.has(path)) throw new Error(`EBUSY: ${path}`);
    fs.unlinkSync(path);
  };
  return { ...fs, unlinkSync };
});

describe("among the pins", () => {
  let top: string;
  let pins: Pins;
  const at = (...names: string[]): string => join(pins.path, ...names);
  const census = { pin: (path: string) => writeFileSync(path, "") } as unknown as BpfIterator;
  const addNext = (): string => {
    const generation = pins.nextGeneration();
    pins.add({ maps: new Map(), links: new Map(), census }, generation);
    return basename(generation);
  };

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "cloudtaser-pins-"));
    pins = new Pins(join(top, "pins"));
    expect(addNext()).toBe("doors-1");
  });

  afterEach(() => {
    fixed.paths.clear();
    rmSync(top, { recursive: true });
  });

  it("a directory without a pin is no generation", () => {
    for (const name of ["doors-999/x", "doors-0/x", "doors-5", "doors-2-new/x", "doors-01"])
      mkdirSync(at(name), { recursive: true });
    expect(pins.generations().map((path) => basename(path))).toEqual(["doors-1"]);
    expect(addNext()).toBe("doors-2");
    pins.keepOnly(at("doors-2"));
    expect(readdirSync(pins.path).sort()).toEqual(["doors-2", "maps"]);
    expect(pins.left).toEqual([]);
  });

  it("a name that is taken is left out", () => {
    mkdirSync(at("doors-2/x"), { recursive: true });
    writeFileSync(at("doors-3"), "");
    expect(addNext()).toBe("doors-4");
  });

  it("a generation is one also with something else in it", () => {
    mkdirSync(at("doors-1/x"));
    expect(pins.generations()).toEqual([at("doors-1")]);
  });

  it("what has a name of nobody's is left alone", () => {
    mkdirSync(at("others/x"), { recursive: true });
    pins.keepOnly(at("doors-1"));
    expect(readdirSync(pins.path).sort()).toEqual(["doors-1", "maps", "others"]);
    pins.removeAll();
    expect(readdirSync(pins.path)).toEqual(["others"]);
    expect(pins.left).toEqual([]);
    expect(pins.any).toBe(false);
  });

  it("the largest name that there can be is in nobody's way", () => {
    for (const name of ["doors-999999999999999", "doors-9999999999999999"]) {
      mkdirSync(at(name));
      writeFileSync(at(name, "his"), "");
    }
    expect(addNext()).toBe("doors-2");
    pins.keepOnly(at("doors-2"));
    expect(pins.generations()).toEqual([at("doors-2")]);
  });

  it("all goes, however deep, and no link is followed", () => {
    const outside = join(top, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "");
    symlinkSync(outside, at("doors-7"));
    symlinkSync(outside, at("leaks"));
    const before = process.cwd();
    mkdirSync(at("doors-8"));
    process.chdir(at("doors-8"));
    for (let depth = 0; depth < 60; depth++) {
      mkdirSync("d".repeat(100));
      process.chdir("d".repeat(100));
      writeFileSync("pin", "");
    }
    process.chdir(before);
    expect(pins.generations().map((path) => basename(path))).toEqual(["doors-1"]);
    pins.removeAll();
    expect(pins.left).toEqual([]);
    expect(existsSync(pins.path)).toBe(false);
    expect(readdirSync(outside)).toEqual(["file"]);
  });

  it("what cannot be removed is named, and keeps nothing else", () => {
    mkdirSync(at("doors-0/x"), { recursive: true });
    writeFileSync(at("doors-0/x/fixed"), "");
    fixed.paths.add(at("doors-0/x/fixed"));
    expect(addNext()).toBe("doors-2");
    pins.keepOnly(at("doors-2"));
    expect(readdirSync(pins.path).sort()).toEqual(["doors-0", "doors-2", "maps"]);
    expect(pins.left).toContainEqual({ path: at("doors-0/x/fixed"), reason: expect.stringContaining("EBUSY") });
    pins.removeAll();
    expect(readdirSync(pins.path)).toEqual(["doors-0"]);
  });
});
