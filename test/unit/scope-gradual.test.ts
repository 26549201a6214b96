// SPDX-License-Identifier: Apache-2.0
// Many processes are hardened a few at a time, and only those that are still protected when their turn comes.
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hardenGradually, hardenInTurns } from "../../src/scope/gradual.js";
import { Hardening } from "../../src/scope/hardening.js";
import type { ScopeRecord } from "../../src/scope/kernel.js";

const record = (tgid: number, group = 1): ScopeRecord => ({
  who: { tgid, group, uid: 0, comm: "x", startBoottimeNs: 1n },
  role: 1,
  tracer: 0,
});
const thousand = Array.from({ length: 1000 }, (_, i) => record(5_000_000 + i, 1 + (i % 7)));
const off = { core_limit: false, coredump_filter: false, swap: false };
const groups = [1, 2, 3, 4, 5, 6, 7];

const hardening = (): Hardening =>
  new Hardening({ coreLimit: () => [0, 0], hold: () => ({ alive: () => true, close: () => {} }) }, () => off);
const done = (of: Hardening, records: readonly ScopeRecord[]): number =>
  records.filter((one) => "dumpable" in of.of(one)).length;

describe("hardening of many", () => {
  it("begins at once and goes on aside, until all are done", async () => {
    const all = hardening();
    let asked = 0;
    const records = (): ScopeRecord[] => {
      asked++;
      return thousand;
    };
    hardenGradually(all, records, groups);
    expect(done(all, thousand)).toBe(200);
    await setImmediate();
    expect(done(all, thousand)).toBe(400);
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(done(all, thousand)).toBe(1000);
    expect(asked, "for nothing more when there is none left").toBeLessThanOrEqual(6);
  });

  it("leaves alone who is no longer protected", async () => {
    const all = hardening();
    let now = thousand;
    hardenGradually(all, () => now, groups);
    const gone = thousand.filter((one) => !("dumpable" in all.of(one))).slice(-300);
    now = thousand.filter((one) => !gone.includes(one));
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(done(all, now)).toBe(700);
    expect(done(all, gone)).toBe(0);
  });

  it("takes no group that was not meant, and ends with the agent", async () => {
    const all = hardening();
    let open = true;
    hardenGradually(all, () => {
      if (!open) throw new Error("it is closed");
      return thousand;
    }, [1, 2]);
    open = false;
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(done(all, thousand)).toBe(200);
    expect(thousand.filter(({ who }) => who.group > 2).some((one) => "dumpable" in all.of(one))).toBe(false);
  });

  it("lets nobody wait for a workload that forks without end", () => {
    const all = hardening();
    const bomb = Array.from({ length: 5000 }, (_, i) => record(5_000_000 + i, 1));
    const calm = [record(6_000_000, 2), record(6_000_001, 3)];
    hardenGradually(all, () => [...bomb, ...calm], [1, 2, 3]);
    expect(done(all, calm), "in the first turn").toBe(2);
    expect(done(all, bomb)).toBeLessThan(5000);
  });

  it("is one row of turns, however often it is asked for", async () => {
    const all = hardening();
    let asked = 0;
    let made = 0;
    // Each time as many new ones as make it go on.
    const records = (): ScopeRecord[] => {
      asked++;
      return Array.from({ length: 300 }, () => record(5_000_000 + made++, 1));
    };
    const calm = Array.from({ length: 201 }, (_, i) => record(6_000_000 + i, 2));
    for (let i = 0; i < 5; i++) hardenGradually(all, records, [1]);
    hardenGradually(all, () => calm, [2]);
    asked = 0;
    for (let turn = 0; turn < 4; turn++) await setImmediate();
    expect(asked).toBeGreaterThan(0);
    expect(asked, "one look in a turn").toBeLessThanOrEqual(4);
  });
});

describe("hardening of a workload that somebody waits for", () => {
  it("is done some at a time, and answers when all are", async () => {
    const all = hardening();
    const own = thousand.map(({ who: { tgid } }) => record(tgid));
    let hardened: ScopeRecord[] | undefined;
    const waited = hardenInTurns(all, () => own, 1).then((members) => {
      hardened = members;
    });
    for (const sofar of [200, 400, 600, 800]) {
      expect([done(all, own), hardened]).toEqual([sofar, undefined]);
      await setImmediate();
    }
    await waited;
    expect([done(all, own), hardened]).toEqual([1000, own]);
  });

  it("is waited for no longer where it forks faster, and goes on aside", async () => {
    const [asked, enough] = [[] as number[], 100];
    const harden: Hardening["harden"] = (_, __, most = 0) => asked.push(most) > enough;
    expect(await hardenInTurns({ harden }, () => thousand, 1)).toHaveLength(143);
    expect(asked.length).toBeLessThan(enough);
    for (let turns = 0; turns < enough; turns++) await setImmediate();
    expect(asked).toEqual(Array.from({ length: enough + 1 }, () => 200));
  });
});
