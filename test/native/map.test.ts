// SPDX-License-Identifier: Apache-2.0
// Maps of an object that has no program, which is all that is loaded on the machine that runs these tests.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BpfMap, BpfObject } from "../../src/kernel/native.js";
import { child, compile, failure, native, openFile } from "./support.js";

const objectPath = compile("maps");

/** Why the kernel lets us make no maps here; undefined if it does. */
const refusal = ((): string | undefined => {
  const object = openFile(objectPath);
  try {
    object.load();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    object.close();
  }
})();

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number): Buffer => Buffer.concat([u32(value), u32(0)]);

describe.skipIf(refusal !== undefined)(`maps (skipped only if the kernel makes none: ${refusal ?? "it does"})`, () => {
  let object: BpfObject;
  let table: BpfMap;
  let slots: BpfMap;
  let perCpu: BpfMap;

  beforeAll(() => {
    object = openFile(objectPath);
    object.load();
    [table, slots, perCpu] = [object.map("table"), object.map("slots"), object.map("per_cpu")];
  });
  afterAll(() => {
    for (const handle of [table, slots, perCpu, object]) handle.close();
  });

  it("describe themselves", () => {
    expect(table).toMatchObject({ name: "table", keySize: 4, valueSize: 8 });
    expect(table.info()).toMatchObject({ name: "table", type: 1, keySize: 4, valueSize: 8, maxEntries: 8 });
    expect(table.info().id).toBeGreaterThan(0);
    expect(table.fd).toBeGreaterThan(2);
    expect(native.memlock(table.fd)).toBeGreaterThan(0);
  });

  it("hash: absent, insert, replace, delete, full", () => {
    expect(table.lookup(u32(1))).toBeUndefined();
    expect(table.delete(u32(1))).toBe(false);
    expect(failure(() => table.update(u32(1), u64(5), 2)).code).toBe("ENOENT");
    table.update(u32(1), u64(5), 1);
    expect(failure(() => table.update(u32(1), u64(6), 1))).toMatchObject({ code: "EEXIST", target: "table" });
    expect(table.lookup(u32(1))).toEqual(u64(5));
    table.update(u32(1), u64(7));
    expect(table.lookup(u32(1))).toEqual(u64(7));
    expect(table.delete(u32(1))).toBe(true);
    expect(table.keys()).toEqual([]);
    for (let key = 0; key < 8; key++) table.update(u32(key), u64(key));
    expect(failure(() => table.update(u32(8), u64(8))).code).toBe("E2BIG");
    expect(
      table
        .keys()
        .map((key) => key.readUInt32LE())
        .sort(),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const key of table.keys()) expect(table.delete(key)).toBe(true);
  });

  it("array: zero until set, no delete, bounds", () => {
    expect(slots.lookup(u32(2))).toEqual(u32(0));
    slots.update(u32(2), u32(9));
    expect(slots.lookup(u32(2))).toEqual(u32(9));
    expect(slots.lookup(u32(3))).toBeUndefined();
    expect(failure(() => slots.delete(u32(2))).code).toBe("EINVAL");
    expect(slots.keys()).toEqual([u32(0), u32(1), u32(2)]);
  });

  it("per CPU: one padded value for each possible CPU", () => {
    const all = Buffer.alloc(8 * native.possibleCpus());
    for (let cpu = 0; cpu < native.possibleCpus(); cpu++) all.writeUInt32LE(cpu + 1, cpu * 8);
    perCpu.update(u32(1), all);
    expect(perCpu.lookup(u32(1))).toEqual(all);
    expect(perCpu.valueSize).toBe(4);
    expect(failure(() => perCpu.update(u32(1), u32(1))).code).toBe("BAD_ARGUMENT");
  });

  it("bits of a mapped array", () => {
    const bitmap = object.map("bitmap");
    const bits = (...values: number[]): Buffer => Buffer.concat(values.map(u32));
    expect(bitmap.setBits(bits(0, 9, 9, 65_535))).toBe(3);
    expect(bitmap.setBits(bits(9, 10))).toBe(1);
    const value = bitmap.lookup(u32(0));
    expect([value?.[0], value?.[1], value?.[8191]]).toEqual([1, 6, 128]);
    const other = Buffer.alloc(bitmap.valueSize, 3);
    expect(bitmap.readBits()).toEqual(value);
    bitmap.replaceBits(other);
    expect([bitmap.readBits(), bitmap.lookup(u32(0))]).toEqual([other, other]);
    expect(failure(() => bitmap.replaceBits(other.subarray(1))).code).toBe("BAD_ARGUMENT");
    expect(failure(() => table.readBits())).toMatchObject({ code: "EINVAL", target: "table" });
    expect(failure(() => table.replaceBits(Buffer.alloc(8)))).toMatchObject({ code: "EINVAL", target: "table" });
    expect(failure(() => bitmap.setBits(bits(65_536))).code).toBe("BAD_ARGUMENT");
    expect(failure(() => bitmap.setBits(Buffer.alloc(3))).code).toBe("BAD_ARGUMENT");
    expect(failure(() => table.setBits(bits(1)))).toMatchObject({ code: "EINVAL", target: "table" });
    bitmap.close();
    expect(failure(() => bitmap.setBits(bits(1))).code).toBe("CLOSED");
    expect(failure(() => bitmap.readBits()).code).toBe("CLOSED");
    expect(failure(() => bitmap.replaceBits(other)).code).toBe("CLOSED");
  });

  it("refuse keys and values of another size, and what is no Uint8Array", () => {
    expect(failure(() => table.lookup(Buffer.alloc(3)))).toMatchObject({ code: "BAD_ARGUMENT", target: "lookup(key)" });
    expect(failure(() => table.update(u32(1), Buffer.alloc(9))).code).toBe("BAD_ARGUMENT");
    expect(failure(() => table.update(u32(1), u64(1), -1)).code).toBe("BAD_ARGUMENT");
    expect(failure(() => table.lookup(new Uint32Array(1) as unknown as Uint8Array)).code).toBe("BAD_ARGUMENT");
    const moved = new Uint8Array(4);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    expect(failure(() => table.lookup(moved)).code).toBe("BAD_ARGUMENT");
  });

  it("outlive their object; both may be closed twice", () => {
    const other = openFile(objectPath);
    other.load();
    const map = other.map("table");
    other.close();
    other.close();
    map.update(u32(3), u64(4));
    expect(map.lookup(u32(3))).toEqual(u64(4));
    map.close();
    map.close();
    expect(map.name).toBe("table");
    for (const use of [() => map.lookup(u32(3)), () => map.fd, () => map.keys(), () => map.info()]) {
      expect(failure(use)).toMatchObject({ code: "CLOSED", errno: 0, target: "map table" });
    }
    expect(failure(() => other.maps()).code).toBe("CLOSED");
    expect(failure(() => other.load()).code).toBe("CLOSED");
  });

  it("load only once", () => {
    const error = failure(() => object.load());
    expect(error).toMatchObject({ code: "EINVAL", target: objectPath });
    expect(error.log).toContain("twice");
  });

  it("cannot be taken for each other", () => {
    const events = object.map("events");
    expect(failure(() => native.openRing(table, { recordSize: 8, maxRecords: 8 }, () => undefined))).toMatchObject({
      code: "EINVAL",
      target: "table",
      log: expect.stringContaining("ring"),
    });
    const noOptions = {} as { recordSize: number; maxRecords: number };
    expect(failure(() => native.openRing(events, noOptions, () => undefined)).code).toBe("BAD_ARGUMENT");
    events.close();
    const closed = failure(() => native.openRing(events, { recordSize: 8, maxRecords: 8 }, () => undefined));
    expect(closed.code).toBe("CLOSED");
  });

  it("a ring is empty, drains nothing, closes twice", () => {
    const events = object.map("events");
    const ring = native.openRing(events, { recordSize: 8, maxRecords: 8 }, () => undefined);
    events.close();
    expect(ring.drain(10)).toBe(0);
    expect(ring.waiting()).toBe(0);
    expect(failure(() => ring.drain(0)).code).toBe("BAD_ARGUMENT");
    ring.close();
    ring.close();
    expect(failure(() => ring.drain(1))).toMatchObject({ code: "CLOSED", target: "ring events" });
    expect(failure(() => ring.waiting())).toMatchObject({ code: "CLOSED", target: "ring events" });
  });

  it("pins: share, refuse a taken path, another shape, another kind", () => {
    // A bpffs of its own, in a mount namespace of its own.
    const under = ["unshare", "-m", "sh", "-c", 'mount -t bpf bpf /mnt && exec "$@"', "sh"];
    const run = child(
      `
      const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
      const code = (action) => { try { action(); return "none"; } catch (error) { return [error.code, error.target, error.log]; } };
      const [path] = process.argv.slice(1);
      const first = openFile(path);
      first.load();
      const slots = first.map("slots");
      slots.pin("/mnt/slots");
      slots.update(u32(1), u32(77));
      const result = { taken: code(() => slots.pin("/mnt/slots")), outside: code(() => slots.pin("/tmp/slots-outside")) };
      first.close();
      slots.close();
      const again = native.openMap("/mnt/slots");
      result.reopened = [again.name, again.lookup(u32(1)).readUInt32LE()];
      result.notLink = code(() => native.openLink("/mnt/slots"));
      result.absent = code(() => native.openMap("/mnt/absent"));
      const second = openFile(path);
      result.otherShape = code(() => second.reuseMap("table", "/mnt/slots"));
      result.noPin = code(() => second.reuseMap("slots", "/mnt/absent"));
      second.reuseMap("slots", "/mnt/slots");
      second.load();
      result.shared = second.map("slots").lookup(u32(1)).readUInt32LE();
      result.sameId = second.map("slots").info().id === again.info().id;
      console.log(JSON.stringify(result));
      `,
      { under, args: [objectPath] },
    );
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toEqual({
      taken: ["EEXIST", "/mnt/slots", ""],
      outside: ["EPERM", "/tmp/slots-outside", ""],
      reopened: ["slots", 77],
      notLink: ["EINVAL", "/mnt/slots", expect.stringContaining("bpf-map")],
      absent: ["ENOENT", "/mnt/absent", ""],
      otherShape: ["EINVAL", "/mnt/slots", expect.stringContaining("type: pinned 2, object wants 1")],
      noPin: ["ENOENT", "/mnt/absent", ""],
      shared: 77,
      sameId: true,
    });
  });
});
