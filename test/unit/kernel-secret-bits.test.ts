// SPDX-License-Identifier: Apache-2.0
// Bits of secrets: those that somebody needs are set all the time, those that nobody needs go.
import { describe, expect, it } from "vitest";
import { SecretBits } from "../../src/kernel/secret-bits.js";
import { asMap, FakeMap } from "./fake-maps.js";

const numbers = (from: number, count: number): Buffer => {
  const bits = Buffer.alloc(count * 4);
  for (let i = 0; i < count; i++) bits.writeUInt32LE(from + i, i * 4);
  return bits;
};

function bitmap() {
  const map = new FakeMap("leak_windows");
  const open = (secrets: readonly number[] = []) => {
    const bits = new SecretBits(asMap(map));
    bits.begin(new Set(secrets));
    return bits;
  };
  const areSet = (from: number, count: number): number => {
    let set = 0;
    for (let bit = from; bit < from + count; bit++) set += ((map.bitmap[bit >>> 3] ?? 0) >> (bit & 7)) & 1;
    return set;
  };
  return { map, open, areSet, all: map.valueSize * 8 };
}

describe("bits of secrets", () => {
  it("of those that come and go do not fill the bitmap, and those that stay keep theirs", () => {
    const { open, areSet, map, all } = bitmap();
    const bits = open();
    const big = all / 64;
    expect([bits.add(1, numbers(100, 50)), bits.add(1, numbers(140, 20))]).toEqual([50, 10]);
    for (let id = 2; id < 102; id++) {
      expect(bits.add(id, numbers(id * 150_000, big))).toBeGreaterThan(0);
      bits.remove(new Set([id]));
      expect(areSet(100, 60)).toBe(60);
      expect(bits.full).toBe(false);
    }
    expect(areSet(0, all)).toBeLessThan(all / 64);
    expect(map.log.filter((line) => line === "=leak_windows").length).toBeGreaterThan(0);
  });

  it("that two secrets need go with the second", () => {
    const { open, areSet, all } = bitmap();
    const bits = open();
    const many = all / 64;
    bits.add(1, numbers(0, many));
    bits.add(2, numbers(10, many));
    bits.remove(new Set([1]));
    expect(areSet(0, many + 10)).toBe(many);
    bits.remove(new Set([2]));
    expect(areSet(0, many + 10)).toBe(0);
  });

  it("few of nobody wait for company, so that not each removal writes the whole bitmap", () => {
    const { open, map } = bitmap();
    const bits = open();
    for (let id = 0; id < 20; id++) bits.add(id, numbers(id * 100, 100));
    for (let id = 0; id < 19; id++) bits.remove(new Set([id]));
    expect(map.log).not.toContain("=leak_windows");
  });

  it("of an earlier agent stay until the last of its secrets is gone", () => {
    const { open, areSet } = bitmap();
    const before = open();
    before.add(1, numbers(0, 100));
    before.add(2, numbers(100, 100));
    const bits = open([1, 2]);
    bits.add(3, numbers(200, 100));
    bits.remove(new Set([1]));
    expect(areSet(0, 300)).toBe(300);
    bits.remove(new Set([2]));
    expect([areSet(0, 200), areSet(200, 100)]).toEqual([0, 100]);
  });

  it("of nobody that an earlier agent left are cleared at once", () => {
    const { open, areSet } = bitmap();
    open().add(1, numbers(0, 100));
    open();
    expect(areSet(0, 100)).toBe(0);
  });

  it("are too many when a quarter of all is set; what nobody needs is cleared before that is said", () => {
    const { open, all } = bitmap();
    const bits = open();
    bits.add(1, numbers(0, all / 4));
    expect(bits.full).toBe(false);
    bits.add(2, numbers(all / 4, all / 256));
    expect(bits.full).toBe(true);
    bits.remove(new Set([2]));
    expect(bits.full).toBe(false);
  });
});
