// SPDX-License-Identifier: Apache-2.0
// An answer that names everybody who is protected is made some at a time: turns of the event loop are counted.
import { describe, expect, it } from "vitest";
import { perTurn, type SnapshotParts, takeSnapshot } from "../../src/agent/snapshot.js";
import { CensusRecordSize, Role } from "../../src/kernel/abi.gen.js";
import { Census } from "../../src/kernel/census.js";
import type { BpfMap } from "../../src/kernel/native.js";
import { oneAtATime } from "../../src/scope/index.js";
import { FakeMap } from "./fake-maps.js";
import { mostPerTurn } from "./turns.js";

const many = 30_000;
const roleAt = 64;

/** A census whose one pass finds as many, and what it wrote. */
function censusOf(count: number): { census: Census; output: Buffer; passes: () => number } {
  const output = Buffer.alloc(count * CensusRecordSize);
  for (let i = 0; i < count; i++) output.writeUInt32LE(Role.protected, i * CensusRecordSize + roleAt);
  let passes = 0;
  const run = (): Buffer => {
    passes++;
    return output;
  };
  return { census: new Census(new FakeMap("census_request") as unknown as BpfMap, run), output, passes: () => passes };
}

const parts = (over: Partial<SnapshotParts>): SnapshotParts => ({
  scope: { each: function* () {}, eachCgroup: () => [] },
  workloadOf: () => "pay",
  hardening: { of: () => ({}) },
  overridesOf: () => ({}),
  ...over,
});

describe("a snapshot of 30,000 protected processes", () => {
  it("names all of them as one census found them, and no turn of the event loop handles more than so many", async () => {
    const { census, passes } = censusOf(many);
    let made = 0;
    const scope = {
      *each() {
        for (const record of census.each()) {
          made++;
          yield record;
        }
      },
      eachCgroup: () => [],
    };
    const { result, most, turns } = await mostPerTurn(
      () => made,
      () => takeSnapshot(parts({ scope })),
    );
    expect(result.processes).toHaveLength(many);
    expect(result.workloads).toEqual([{ name: "pay", processes: many, overrides: {} }]);
    expect([made, passes()]).toEqual([many, 1]);
    expect(most).toBeLessThanOrEqual(perTurn);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(many / perTurn));
  });

  it("decodes a record of the census when its turn comes", () => {
    const { census, output } = censusOf(2);
    const records = census.each()[Symbol.iterator]();
    expect(records.next().value).toMatchObject({ role: Role.protected });
    output.writeUInt32LE(Role.canary, CensusRecordSize + roleAt);
    expect(records.next().value).toMatchObject({ role: Role.canary });
    expect(records.next().done).toBe(true);
  });

  it("handles control groups and workloads so too", async () => {
    let [groups, names] = [0, 0];
    const eachCgroup = function* () {
      for (let i = 0; i < 8192; i++) {
        groups++;
        yield { id: BigInt(i), path: `/${i}`, workload: `w${i}` };
      }
    };
    const overridesOf = (): Record<string, never> => {
      names++;
      return {};
    };
    const whole = parts({ scope: { each: function* () {}, eachCgroup }, overridesOf });
    const { result, most } = await mostPerTurn(
      () => groups + names,
      () => takeSnapshot(whole),
    );
    expect([result.cgroups.length, result.workloads.length, groups, names]).toEqual([8192, 8192, 8192, 8192]);
    expect(result.cgroups[7]).toEqual({ id: "7", path: "/7", workload: "w7" });
    expect(result.workloads[7]).toEqual({ name: "w7", processes: 0, overrides: {} });
    expect(most).toBeLessThanOrEqual(perTurn);
  });
});

describe("oneAtATime", () => {
  it("begins nothing while one is made, and answers nobody with what was begun before he asked", async () => {
    const begun: { end: (value: number) => void }[] = [];
    const ask = oneAtATime(() => new Promise<number>((end) => begun.push({ end })));
    const first = ask();
    await Promise.resolve();
    expect(begun).toHaveLength(1);
    const [second, third] = [ask(), ask()];
    await new Promise(setImmediate);
    expect(begun).toHaveLength(1);
    begun[0]?.end(1);
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    expect(begun).toHaveLength(2);
    begun[1]?.end(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
  });

  it("goes on after one that failed", async () => {
    let made = 0;
    const ask = oneAtATime(async () => {
      if (++made === 1) throw new Error("not yet");
      return made;
    });
    await expect(ask()).rejects.toThrow("not yet");
    expect(await ask()).toBe(2);
  });
});
