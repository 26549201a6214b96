// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { Folding } from "../../src/agent/folding.js";
import { decodeEvent, type Event, EventSize, type RepeatKey, Vector } from "../../src/kernel/abi.gen.js";

function setUp() {
  const key: RepeatKey = {
    vector: 5,
    outcome: 2,
    offenderTgid: 7,
    offenderStartNs: 70n,
    targetTgid: 9,
    targetStartNs: 90n,
  };
  const blank = decodeEvent(Buffer.alloc(EventSize));
  const first: Event = {
    ...blank,
    vector: 5,
    outcome: 2,
    flags: 16,
    offender: { ...blank.offender, tgid: 7, startBoottimeNs: 70n, comm: "thief" },
    target: { ...blank.target, tgid: 9, startBoottimeNs: 90n },
  };
  const table = new Map<RepeatKey, bigint>();
  const published: { event: Event; count: number }[] = [];
  const gone = new Set<number>();
  const source = {
    isGone: (tgid: number) => gone.has(tgid),
    repeats: () => [...table].map(([k, repeated]) => ({ key: k, repeated })),
    forgetRepeat: (k: RepeatKey) => void table.delete(k),
  };
  /** As many offenders, each with a count and a first event. */
  const many = (count: number): Event[] =>
    Array.from({ length: count }, (_, index) => {
      const offender = { ...first.offender, tgid: 1000 + index };
      table.set({ ...key, offenderTgid: offender.tgid }, 2n);
      return { ...first, offender };
    });
  const make = () => new Folding(source, (event, count) => published.push({ event, count }));
  return { key, first, table, published, gone, many, make };
}

describe("folded attempts", () => {
  test("the count since the last sweep becomes one event with the first one's identities", () => {
    const { key, first, table, published, make } = setUp();
    const folding = make();
    folding.remember([first]);
    table.set(key, 41n);
    folding.sweep();
    table.set(key, 100n);
    folding.sweep();
    folding.sweep();
    expect(published.map(({ count }) => count)).toEqual([41, 59]);
    expect(published[0]?.event.offender.comm).toBe("thief");
  });

  test("of another secret are counted by themselves, and name that", () => {
    const { key, first, table, published, make } = setUp();
    const folding = make();
    const leak = { ...key, vector: Vector.leak_write, targetTgid: 7 };
    const of = (secret: bigint): Event => ({
      ...first,
      vector: leak.vector,
      target: first.offender,
      arg: [secret, 0n, 0n, 0n],
    });
    folding.remember([of(0n), of(3n), of(4n)]);
    table.set({ ...leak, targetStartNs: 0n }, 5n);
    table.set({ ...leak, targetStartNs: 4n }, 2n);
    table.set({ ...leak, targetStartNs: 9n }, 1n);
    folding.sweep();
    folding.sweep();
    expect(published.map(({ event, count }) => [event.arg[0], count])).toEqual([
      [0n, 5],
      [4n, 2],
      [9n, 1],
    ]);
    const itself = { tgid: 7, startBoottimeNs: 70n };
    for (const { event } of published) expect(event).toMatchObject({ offender: itself, target: itself });
  });

  test("is forgotten when the offender is quiet and gone, not before", () => {
    const { key, first, table, gone, make } = setUp();
    const folding = make();
    folding.remember([first]);
    table.set(key, 1n);
    for (let i = 0; i < 5; i++) folding.sweep();
    expect(table.size).toBe(1);
    for (let i = 0; i < 100; i++) folding.sweep();
    expect(table.size, "it lives, and may try again at that moment").toBe(1);
    gone.add(7);
    folding.sweep();
    expect(table.size).toBe(0);
  });

  test("is forgotten when the target is gone, though the offender goes on", () => {
    const { key, first, table, gone, make } = setUp();
    const folding = make();
    folding.remember([first]);
    table.set(key, 1n);
    table.set({ ...key, targetTgid: 0, targetStartNs: 0n }, 1n);
    gone.add(9);
    for (let i = 0; i < 6; i++) folding.sweep();
    expect(
      [...table.keys()].map(({ targetTgid }) => targetTgid),
      "what is aimed at the node stays",
    ).toEqual([0]);
  });

  test("of one that lives, only after a long time", () => {
    const { key, first, table, make } = setUp();
    const folding = make();
    folding.remember([first]);
    table.set(key, 1n);
    for (let i = 0; i < 600; i++) folding.sweep();
    expect(table.size).toBe(1);
    folding.sweep();
    expect(table.size).toBe(0);
  });

  test("a first event that was lost is waited for once, then told by what is known", () => {
    const { key, table, published, make } = setUp();
    const folding = make();
    table.set(key, 3n);
    folding.sweep();
    expect(published).toEqual([]);
    folding.sweep();
    expect(published).toMatchObject([{ count: 3, event: { vector: 5, offender: { tgid: 7 }, target: { tgid: 9 } } }]);
  });

  test("the first event of one that the agent before knew may still lie in the ring too, and so may one after a pause", () => {
    const { key, first, table, published, make } = setUp();
    table.set(key, 1000n);
    const folding = make();
    table.set(key, 1003n);
    folding.sweep();
    expect(published).toEqual([]);
    folding.remember([first]);
    folding.sweep();
    expect(published).toMatchObject([{ count: 3, event: { offender: { comm: "thief" } } }]);
  });

  test("each time that an unknown offender was quiet, its event is waited for once more", () => {
    const { key, table, published, make } = setUp();
    const folding = make();
    for (const count of [3n, 3n, 3n, 5n]) {
      table.set(key, count);
      folding.sweep();
    }
    expect(published.map(({ count }) => count)).toEqual([3]);
    folding.sweep();
    expect(published.map(({ count }) => count)).toEqual([3, 2]);
  });

  test("strays that the kernel's table had no room for do not end all remembering", () => {
    const { key, first, table, published, make } = setUp();
    const folding = make();
    const stray = (tgid: number): Event => ({ ...first, offender: { ...first.offender, tgid } });
    for (let tgid = 100; tgid < 100 + 8192; tgid++) folding.remember([stray(tgid)]);
    folding.sweep();
    folding.sweep();
    folding.remember([first]);
    table.set(key, 4n);
    folding.sweep();
    expect(published).toMatchObject([{ count: 4, event: { offender: { comm: "thief" } } }]);
  });

  test("a first event that comes before the kernel's count of it is seen is kept for it", () => {
    const { key, first, table, published, make } = setUp();
    const folding = make();
    folding.remember([first]);
    folding.sweep();
    table.set(key, 4n);
    folding.sweep();
    expect(published).toMatchObject([{ count: 4, event: { offender: { comm: "thief" } } }]);
  });

  test("an offender of whom nothing is known is not called root", () => {
    const { key, table, published, make } = setUp();
    const folding = make();
    table.set(key, 3n);
    folding.sweep(true);
    expect(published).toMatchObject([{ event: { offender: { uid: 4294967295 }, target: { uid: 4294967295 } } }]);
  });

  test("what was counted before this agent started is not told again", () => {
    const { key, table, published, make } = setUp();
    table.set(key, 1000n);
    const folding = make();
    table.set(key, 1001n);
    folding.sweep(true);
    expect(published.map(({ count }) => count)).toEqual([1]);
  });

  test("thousands of counts hold up the event loop for 64 of them at a time, and the stop waits for none", async () => {
    const { table, published, gone, many, make } = setUp();
    const folding = make();
    folding.remember(many(1000));
    folding.sweep();
    expect(published).toHaveLength(64);
    folding.sweep();
    expect(published, "the one before is not through").toHaveLength(64);
    let most = 0;
    for (let before = published.length; published.length < 1000; before = published.length) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, published.length - before);
    }
    expect(most).toBe(64);
    for (let index = 0; index < 1000; index++) gone.add(1000 + index);
    for (const key of table.keys()) table.set(key, 5n);
    folding.sweep();
    folding.sweep(true);
    expect(published).toHaveLength(2000);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(published, "nothing is told twice").toHaveLength(2000);
    expect(published.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  });
});
