// SPDX-License-Identifier: Apache-2.0
// Maps under names of the agent's that somebody else has pinned: found by what the programs at the doors use, or by the list
// that the agent before has left.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { foreignMaps, ownTables } from "../../src/kernel/foreign-maps.js";
import type { BpfIterator, BpfLink, BpfMap, LoadedProgramInfo, Native } from "../../src/kernel/native.js";
import { Pins } from "../../src/kernel/pins.js";

describe("maps that are pinned", () => {
  let top: string;
  let pins: Pins;
  let told: string[];
  let open: number;
  /** Maps of the program behind each link; the contents of a file are the id of what is pinned there. */
  const programs = new Map<number, number[]>();

  const idAt = (path: string): number => {
    const id = Number(readFileSync(path, "utf8"));
    if (!Number.isInteger(id)) throw new Error(`EINVAL: ${path}`);
    return id;
  };
  const opened = <T>(more: object): T => {
    open++;
    return { ...more, close: () => open-- } as T;
  };
  const native = {
    openMap: (path: string) => {
      const id = idAt(path);
      return opened<BpfMap>({ info: () => ({ id }) });
    },
    openLink: (path: string) => {
      const programId = idAt(path);
      return opened<BpfLink>({ info: () => ({ id: 1, programId }) });
    },
    loadedProgram: (id: number) => ({ mapIds: programs.get(id) ?? [] }) as unknown as LoadedProgramInfo,
  } as unknown as Native;

  const put = (path: string, id: number | string): void => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `${id}`);
  };
  const link = (path: string, program: number, maps: number[]): void => {
    put(join(pins.path, path), program);
    programs.set(program, maps);
  };

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "cloudtaser-foreign-"));
    pins = new Pins(join(top, "pins"));
    told = [];
    pins.onForeign = (path) => told.push(path);
    open = 0;
    programs.clear();
    put(pins.map("scope"), 1);
    put(pins.map("own_maps"), 2);
    put(pins.map("cgroups"), 3);
    link("doors-1/bpf", 100, [1, 2]);
    link("doors-1/file_open", 101, [1, 3]);
  });

  afterEach(() => {
    expect(open, "descriptors that are held").toBe(0);
    rmSync(top, { recursive: true });
  });

  it("are the agent's if a program at a door uses them", () => {
    expect(foreignMaps(native, pins)).toEqual([]);
  });

  it("are foreign if none does, or only one that does not use the table of who is in scope", () => {
    put(pins.map("room_file_ioctl"), 4);
    put(pins.map("shares"), 5);
    link("doors-2/bpf", 102, [5, 6]);
    expect(foreignMaps(native, pins).sort()).toEqual([pins.map("room_file_ioctl"), pins.map("shares")].sort());
  });

  it("are foreign if they are no maps at all", () => {
    mkdirSync(pins.map("shares"));
    expect(foreignMaps(native, pins)).toEqual([pins.map("shares")]);
  });

  it("are left alone where no program can be looked at", () => {
    for (const door of ["bpf", "file_open"]) put(join(pins.path, "doors-1", door), "no link");
    put(pins.map("shares"), 5);
    expect(foreignMaps(native, pins)).toEqual([]);
  });

  it("and hold secrets are the agent's if it has written all of them down", () => {
    const listed = new Set([7, 8]);
    const ownMaps = {
      lookup: (key: Buffer) => (listed.has(key.readUInt32LE()) ? key : undefined),
    } as unknown as BpfMap;
    const names = ["leak_head", "leak_secrets", "leak_windows"];
    put(join(pins.leaks, "leak_head"), 7);
    put(join(pins.leaks, "leak_secrets"), 8);
    const tables = ownTables(native, pins, names, ownMaps);
    expect([...(tables ?? new Map()).keys()]).toEqual(["leak_head", "leak_secrets"]);
    for (const table of tables?.values() ?? []) table.close();
    put(join(pins.leaks, "leak_windows"), 9);
    expect(ownTables(native, pins, names, ownMaps)).toBeUndefined();
  });

  it("beside a new generation are replaced, unless the agent knows them", () => {
    const pinned: string[] = [];
    const map = { pin: (path: string) => pinned.push(path) } as unknown as BpfMap;
    const census = { pin: (path: string) => writeFileSync(path, "") } as unknown as BpfIterator;
    pins.know([pins.map("scope")]);
    const maps = new Map([
      ["scope", map],
      ["cgroups", map],
    ] as const);
    pins.add({ maps, links: new Map(), census }, pins.nextGeneration());
    expect(pinned).toEqual([pins.map("cgroups")]);
    expect(told).toEqual([pins.map("cgroups")]);
  });

  it("for secrets and nobody's are told of when they go, and the agent's are not", () => {
    const map = { pin: (path: string) => writeFileSync(path, "9") } as unknown as BpfMap;
    put(join(pins.leaks, "leak_head"), 7);
    pins.addLeak("leak_head", map);
    expect(told).toEqual([join(pins.leaks, "leak_head")]);
    expect(idAt(join(pins.leaks, "leak_head"))).toBe(9);
    put(join(pins.leaks, "leak_secrets"), 7);
    pins.removeLeaks();
    expect(told).toEqual([join(pins.leaks, "leak_head"), join(pins.leaks, "leak_secrets")]);
    expect(pins.hasLeaks).toBe(false);
  });
});
