// SPDX-License-Identifier: Apache-2.0
// Doors that stand are kept only if they are the ones that would be loaded, whole, and lead to programs of their names.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adopt } from "../../src/kernel/adopt.js";
import { type DoorName, doorNames, isTracepoint, mayBeAbsent, programOf } from "../../src/kernel/doors.js";
import { type LoadOptions, mapsOf } from "../../src/kernel/load.js";
import type { BpfIterator, BpfLink, BpfMap, BpfObject, LoadedProgramInfo, Native } from "../../src/kernel/native.js";
import { Pins } from "../../src/kernel/pins.js";

const file = join(import.meta.dirname, "kernel-adopt.test.ts");
const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();
const digest = sha256(readFileSync(file)).toString("hex");
const options: LoadOptions = { object: { path: file, digest }, form: "lsm", reuse: undefined };
const optional = doorNames.find(mayBeAbsent) ?? "file_open";
const instructionsOf = (program: string): Buffer => Buffer.from(`instructions of ${program}`);
const programs = [...doorNames.map(programOf), "ct_census"];

describe("doors that stand", () => {
  let pins: Pins;
  let open: string[];
  let functions: (name: string) => boolean;
  /** What stands, by program. */
  let standing: Map<string, { type: number; tag: Buffer; mapIds: number[] }>;

  beforeEach(() => {
    pins = new Pins(mkdtempSync(join(tmpdir(), "cloudtaser-pins-")));
    open = [];
    functions = () => true;
    standing = new Map(
      programs.map((name) => {
        const tracing = name === "ct_census" || isTracepoint(name.slice(3) as DoorName);
        const tag = createHash("sha1").update(instructionsOf(name)).digest().subarray(0, 8);
        return [name, { type: tracing ? 26 : 29, tag, mapIds: [7, 99] }];
      }),
    );
    mkdirSync(pins.maps);
    for (const name of mapsOf("lsm")) writeFileSync(pins.map(name), "");
    generation("doors-1");
  });

  afterEach(() => {
    rmSync(pins.path, { recursive: true });
  });

  function generation(name: string): void {
    const directory = join(pins.path, name);
    mkdirSync(directory);
    for (const door of doorNames) writeFileSync(pins.door(directory, door), "");
    writeFileSync(pins.census(directory), "");
  }

  function taken<T>(path: string, more: object = {}): T {
    if (!existsSync(path)) throw new Error(`ENOENT: ${path}`);
    open.push(path);
    return { ...more, close: () => open.splice(open.indexOf(path), 1) } as T;
  }

  /** All programs name the pinned map "scope", whose id is 7, and one that is theirs alone. */
  function blueprints(): BpfObject {
    const part: Partial<BpfObject> = {
      programs: () => programs.map((name) => ({ name, section: "" })),
      setAutoload: () => {},
      blueprints: () =>
        programs.map((name) => ({
          name,
          instructions: instructionsOf(name),
          maps: [
            { name: "scope", id: 7 },
            { name: "last_setns", id: 1234 },
          ],
        })),
      close: () => {},
    };
    return part as BpfObject;
  }

  const loaded = (name: string) => standing.get(name) as LoadedProgramInfo;

  const native = (): Native => {
    const part: Partial<Native> = {
      kernelHasFunction: (name) => functions(name),
      openObject: (_path, _bytes, toDraw) => {
        expect(toDraw, "nothing is loaded").toBe(true);
        return blueprints();
      },
      openMap: (path) => taken<BpfMap>(path),
      openIterator: (path) => taken<BpfIterator>(path, { info: () => loaded("ct_census") }),
      openLink: (path) =>
        taken<BpfLink>(path, { info: () => ({ id: 1, programId: doorNames.indexOf(basename(path) as DoorName) + 1 }) }),
      loadedProgram: (id) => loaded(programOf(doorNames[id - 1] ?? "file_open")),
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
    generation("doors-10");
    generation("doors-9");
    const adopted = adopt(native(), options, pins);
    expect(adopted).toBeDefined();
    const links = open.filter((path) => pins.links().includes(path));
    expect(new Set(links.map(dirname))).toEqual(new Set([join(pins.path, "doors-10")]));
  });

  it("with maps that are bound to them besides", () => {
    for (const one of standing.values()) one.mapIds.push(100);
    expect(adopt(native(), options, pins)).toBeDefined();
  });

  it("by the digest of newer kernels too", () => {
    for (const [name, one] of standing) one.tag = sha256(instructionsOf(name)).subarray(0, 8);
    expect(adopt(native(), options, pins)).toBeDefined();
  });

  it.each([
    ["a door", () => pins.door(join(pins.path, "doors-1"), "file_open")],
    ["a map", () => pins.map("scope")],
    ["the census", () => pins.census(join(pins.path, "doors-1"))],
  ])("are not kept when %s is missing, and nothing of them is held", (_what, path) => {
    unlinkSync(path());
    expect(adopt(native(), options, pins)).toBeUndefined();
    expect(open).toEqual([]);
  });

  it.each<[string, string, Partial<LoadedProgramInfo>]>([
    ["other instructions", "ct_ptrace_traceme", { tag: Buffer.from("12345678") }],
    ["no tag", "ct_ptrace_traceme", { tag: Buffer.alloc(8) }],
    ["another map in place of the pinned one", "ct_file_open", { mapIds: [8, 99] }],
    ["another map of its own than the others", "ct_file_open", { mapIds: [7, 98] }],
    ["no maps", "ct_file_open", { mapIds: [] }],
    ["another type", "ct_file_open", { type: 26 }],
    ["other instructions in the census", "ct_census", { tag: Buffer.from("12345678") }],
  ])("are not kept when one has %s, and nothing of them is held", (_what, name, other) => {
    Object.assign(loaded(name), other);
    expect(adopt(native(), options, pins)).toBeUndefined();
    expect(open).toEqual([]);
  });

  it("are not kept in the other form, nor when the object's file is not this build's", () => {
    expect(adopt(native(), { ...options, form: "fmod_ret" }, pins)).toBeUndefined();
    const altered = { path: file, digest: "ab".repeat(32) };
    expect(adopt(native(), { ...options, object: altered }, pins)).toBeUndefined();
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
