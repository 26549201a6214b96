// SPDX-License-Identifier: Apache-2.0
// Doors that stand are kept only if they are the ones that would be loaded, whole, and lead to programs of their names.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adopt, buildOf } from "../../src/kernel/adopt.js";
import { doorNames, mayBeAbsent } from "../../src/kernel/doors.js";
import { type LoadOptions, mapsOf } from "../../src/kernel/load.js";
import type { BpfIterator, BpfLink, BpfMap, Native } from "../../src/kernel/native.js";
import { Pins } from "../../src/kernel/pins.js";

const options: LoadOptions = { object: { path: "x.bpf.o", digest: "ab".repeat(32) }, form: "lsm", reuse: undefined };
const optional = doorNames.find(mayBeAbsent) ?? "file_open";

describe("doors that stand", () => {
  let pins: Pins;
  let open: string[];
  let functions: (name: string) => boolean;
  let programName: (door: string) => string;

  beforeEach(() => {
    pins = new Pins(mkdtempSync(join(tmpdir(), "cloudtaser-pins-")));
    open = [];
    functions = () => true;
    programName = (door) => `ct_${door}`.slice(0, 15);
    mkdirSync(pins.maps);
    for (const name of mapsOf("lsm")) writeFileSync(pins.map(name), "");
    generation("doors-1");
  });

  afterEach(() => {
    rmSync(pins.path, { recursive: true });
  });

  function generation(name: string, build = buildOf(options)): void {
    const directory = join(pins.path, name);
    mkdirSync(directory);
    for (const door of doorNames) writeFileSync(pins.door(directory, door), "");
    writeFileSync(pins.census(directory), "");
    symlinkSync(build, join(directory, "build"));
  }

  function taken<T>(path: string, more: object = {}): T {
    if (!existsSync(path)) throw new Error(`ENOENT: ${path}`);
    open.push(path);
    return { ...more, close: () => open.splice(open.indexOf(path), 1) } as T;
  }

  const native = (): Native => {
    const part: Partial<Native> = {
      kernelHasFunction: (name) => functions(name),
      openMap: (path) => taken<BpfMap>(path),
      openIterator: (path) => taken<BpfIterator>(path),
      openLink: (path) =>
        taken<BpfLink>(path, { info: () => ({ id: 1, programId: doorNames.indexOf(basename(path) as never) + 1 }) }),
      loadedProgram: (id) => ({ name: programName(doorNames[id - 1] ?? "") }) as ReturnType<Native["loadedProgram"]>,
    };
    return part as Native;
  };

  it("are kept if they are the same", () => {
    const adopted = adopt(native(), options, pins);
    expect([...(adopted?.links.keys() ?? [])]).toEqual(doorNames);
    expect([...(adopted?.maps.keys() ?? [])]).toEqual(mapsOf("lsm"));
    expect(adopted?.absent.size).toBe(0);
  });

  it("of the newest generation alone", () => {
    generation("doors-2", "another");
    expect(adopt(native(), options, pins)).toBeUndefined();
    generation("doors-10");
    const paths = adopt(native(), options, pins) && open.filter((path) => pins.links().includes(path));
    expect(new Set(paths?.map(dirname))).toEqual(new Set([join(pins.path, "doors-10")]));
  });

  it.each([
    ["object", { ...options, object: { ...options.object, digest: "cd".repeat(32) } }],
    ["form", { ...options, form: "fmod_ret" as const }],
  ])("are not kept when the %s is another", (_what, other) => {
    expect(adopt(native(), other, pins)).toBeUndefined();
  });

  it.each([
    ["a door", () => pins.door(join(pins.path, "doors-1"), "file_open")],
    ["a map", () => pins.map("scope")],
    ["the census", () => pins.census(join(pins.path, "doors-1"))],
    ["the word which they are", () => join(pins.path, "doors-1", "build")],
  ])("are not kept when %s is missing, and nothing of them is held", (_what, path) => {
    unlinkSync(path());
    expect(adopt(native(), options, pins)).toBeUndefined();
    expect(open).toEqual([]);
  });

  it("are not kept when another program stands at one of them", () => {
    programName = (door) => (door === "ptrace_traceme" ? "ct_other" : `ct_${door}`.slice(0, 15));
    expect(adopt(native(), options, pins)).toBeUndefined();
    expect(open).toEqual([]);
  });

  it("may lack one that this kernel does not have, and no other", () => {
    unlinkSync(pins.door(join(pins.path, "doors-1"), optional));
    expect(adopt(native(), options, pins), "the kernel has it").toBeUndefined();
    functions = () => false;
    expect([...(adopt(native(), options, pins)?.absent ?? [])]).toEqual([optional]);
    unlinkSync(pins.door(join(pins.path, "doors-1"), "file_open"));
    expect(adopt(native(), options, pins), "it is needed").toBeUndefined();
  });
});
