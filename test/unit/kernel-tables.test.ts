// SPDX-License-Identifier: Apache-2.0
// Tables of the doors that are full: whoever writes hears so, what was written before stands, and with room again the table
// is as it is wanted.
import { describe, expect, it } from "vitest";
import { warningsOf } from "../../src/agent/reports.js";
import { decodeCensusRequest, encodeNamespace } from "../../src/kernel/abi.gen.js";
import { Census } from "../../src/kernel/census.js";
import { CgroupTable } from "../../src/kernel/cgroups.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import type { BpfMap } from "../../src/kernel/native.js";
import { readKernelFacts } from "../../src/kernel/probe.js";
import { addOwnMaps, forgetGoneMaps, writeDevices, writeOwnLinks, writePinned } from "../../src/kernel/tables.js";
import { asMap, FakeMap } from "./fake-maps.js";

interface Table {
  name: string;
  /** Entries of these numbers. */
  write: (map: BpfMap, numbers: readonly number[]) => void;
  /** It is made to hold exactly what is written; else entries are only added. */
  exact: boolean;
}

const tables: Table[] = [
  {
    name: "devices",
    write: (map, numbers) =>
      writeDevices(
        map,
        numbers.map((dev) => ({ block: false, dev, meaning: 1 })),
      ),
    exact: true,
  },
  {
    name: "pinned",
    write: (map, numbers) =>
      writePinned(
        map,
        numbers.map((dev) => ({ dev, ino: 7n, how: "directory" })),
      ),
    exact: true,
  },
  { name: "own_links", write: writeOwnLinks, exact: true },
  { name: "own_maps", write: addOwnMaps, exact: false },
];

describe.each(tables)("$name", ({ name, write, exact }) => {
  const keysOf = (map: FakeMap): Set<string> => new Set(map.entries.keys());
  /** The keys that such a write makes where there is room. */
  const keysFor = (numbers: readonly number[]): Set<string> => {
    const map = new FakeMap(name);
    write(asMap(map), numbers);
    return keysOf(map);
  };

  it("that is full says so, and keeps what stood", () => {
    const map = new FakeMap(name);
    map.room = 3;
    write(asMap(map), [1, 2]);
    expect(() => write(asMap(map), [2, 3, 4])).toThrow(expect.objectContaining({ code: "E2BIG", target: name }));
    expect(keysOf(map)).toEqual(keysFor([1, 2, 3]));
  });

  it("takes what is there already though it is full", () => {
    const map = new FakeMap(name);
    map.room = 2;
    write(asMap(map), [1, 2]);
    write(asMap(map), [2, 1]);
    expect(keysOf(map)).toEqual(keysFor([1, 2]));
  });

  it(exact ? "holds exactly what is wanted once there is room" : "only grows, once there is room", () => {
    const map = new FakeMap(name);
    map.room = 2;
    write(asMap(map), [1, 2]);
    expect(() => write(asMap(map), [2, 3])).toThrow("E2BIG");
    map.room = 3;
    write(asMap(map), [2, 3]);
    expect(keysOf(map)).toEqual(keysFor(exact ? [2, 3] : [1, 2, 3]));
  });
});

describe("cgroups", () => {
  const full = (room: number) => {
    const [cgroups, any] = [new FakeMap("cgroups"), new FakeMap("cgroups_any")];
    cgroups.room = room;
    const table = new CgroupTable(asMap(cgroups), asMap(any), {} as Census);
    return { cgroups, any, table };
  };

  it("that are full take no further one, and keep what they have", () => {
    const { table } = full(1);
    expect(table.add({ id: 1n, group: 5 })).toBe(true);
    expect(table.add({ id: 2n, group: 6 })).toBe(false);
    expect(table.list()).toEqual([{ id: 1n, group: 5 }]);
    // Doors look into the table as long as it holds something.
    expect(table.any).toBe(true);
    table.remove([1n]);
    expect(table.add({ id: 2n, group: 6 })).toBe(true);
    expect(table.groupOf(2n)).toBe(6);
  });

  it("that took none leave the doors' flag down", () => {
    const { table, any } = full(0);
    expect(table.add({ id: 1n, group: 5 })).toBe(false);
    expect(table.any).toBe(false);
    expect(any.log).toEqual(["cgroups_any", "cgroups_any"]);
  });

  it("that cannot be written for another reason say why, with the flag down", () => {
    const { table, cgroups } = full(1);
    cgroups.update = () => {
      throw Object.assign(new Error("EPERM: update map cgroups"), { code: "EPERM" });
    };
    expect(() => table.add({ id: 1n, group: 5 })).toThrow("EPERM");
    expect(table.any).toBe(false);
  });
});

describe("own_maps", () => {
  it("forgets the maps that are no more, and no other", () => {
    const map = asMap(new FakeMap("own_maps"));
    addOwnMaps(map, [3, 4, 5, 6]);
    forgetGoneMaps(map, (id) => id % 2 === 0);
    expect(map.keys().map((key) => key.readUInt32LE())).toEqual([4, 6]);
  });
});

describe("namespaces", () => {
  it("for which there may have been no room are told, and no longer once the map has room", () => {
    const [request, namespaces] = [new FakeMap("census_request"), new FakeMap("namespaces")];
    const note = (inum: number): void => {
      const { generation } = decodeCensusRequest(request.lookup(Buffer.alloc(4)) as Buffer);
      const key = Buffer.alloc(4);
      key.writeUInt32LE(inum);
      namespaces.update(key, encodeNamespace({ leader: 1n, census: generation, agent: 0 }));
    };
    let found = [1, 2];
    const run = (): Buffer => {
      found.forEach(note);
      return Buffer.alloc(0);
    };
    const sized = Object.assign(namespaces, { info: () => ({ maxEntries: 3 }) });
    const census = new Census(asMap(request), run, asMap(sized));
    const full = (inums: number[]): boolean => {
      found = inums;
      census.list();
      return census.namespacesFull;
    };
    expect(full([1, 2])).toBe(false);
    expect(full([1, 2, 3])).toBe(true);
    // What is gone is taken out at the end of a pass, so it has taken room in this one.
    expect(full([1, 2])).toBe(true);
    expect(full([1, 2])).toBe(false);
    const said = (namespacesFull: boolean): string =>
      warningsOf(
        {
          form: "lsm",
          doors: [],
          foreignObjects: [],
          leftPins: [],
          readersKnown: true,
          namespacesFull,
        } as unknown as Kernel,
        readKernelFacts(),
      ).join();
    expect(said(true)).toMatch(/namespaces is full/);
    expect(said(false)).not.toMatch(/namespaces is full/);
  });
});
