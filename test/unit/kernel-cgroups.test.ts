// SPDX-License-Identifier: Apache-2.0
// The kernel's table of control groups as scope uses it, with every call of its maps counted: a full node must not cost
// the square of its pods.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Census } from "../../src/kernel/census.js";
import { CgroupTable } from "../../src/kernel/cgroups.js";
import type { BpfMap } from "../../src/kernel/native.js";
import { Cgroups } from "../../src/scope/cgroups.js";
import { Groups, Hierarchy } from "../../src/scope/index.js";
import { openByWalk, stale } from "./fake-hierarchy.js";
import { FakeMap } from "./fake-maps.js";

/** Calls of the kernel: one for each key that a list goes over. */
class CountedMap extends FakeMap {
  calls = 0;

  override lookup(key: Uint8Array): Buffer | undefined {
    this.calls++;
    return super.lookup(key);
  }

  override update(key: Uint8Array, value: Uint8Array): void {
    this.calls++;
    super.update(key, value);
  }

  override delete(key: Uint8Array): boolean {
    this.calls++;
    return super.delete(key);
  }

  override keys = (): Buffer[] => {
    const all = [...this.entries.keys()].map((hex) => Buffer.from(hex, "hex"));
    this.calls += all.length + 1;
    return all;
  };
}

describe("the table of control groups", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "table-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Calls for so many groups that come, are looked at, and go; all of a workload of its own. */
  function calls(many: number): { come: number; looked: number; gone: number; left: number; flag: number } {
    const [cgroups, any] = [new CountedMap("cgroups"), new CountedMap("cgroups_any")];
    const census = { enter: () => ({ entered: 0, full: false }) } as unknown as Census;
    const table = new CgroupTable(cgroups as unknown as BpfMap, any as unknown as BpfMap, census);
    // A walk for each that is gone would be the test's own square.
    const openById = (at: string, id: bigint): number => {
      if (id !== 0n && cgroups.entries.size > 0) throw stale;
      return openByWalk(at, id);
    };
    const rooms = { kernel: () => table, groups: new Groups(join(root, `${many}.json`)), limit: 8192, openById };
    const own = new Cgroups({ ...rooms, hierarchy: new Hierarchy(openById, root) });
    const names = Array.from({ length: many }, (_, i) => `pod${many}-${i}`);
    for (const name of names) mkdirSync(join(root, name));
    const since = (act: () => void): number => {
      const before = cgroups.calls + any.calls;
      act();
      return cgroups.calls + any.calls - before;
    };
    const come = since(() => {
      for (const [index, name] of names.entries()) own.add(`/${name}`, index + 1);
    });
    const looked = since(() => {
      for (const name of names) own.has(`/${name}`);
    });
    for (const name of names) rmSync(join(root, name), { recursive: true });
    const gone = since(() => own.forgetGone());
    return { come, looked, gone, left: cgroups.entries.size, flag: any.lookup(Buffer.alloc(4))?.readUInt32LE() ?? -1 };
  }

  it("takes calls in proportion to the groups that come, are looked at and go", () => {
    const [few, many] = [calls(50), calls(500)];
    for (const what of ["come", "looked", "gone"] as const)
      expect(many[what], what).toBeLessThanOrEqual(few[what] * 10 + 10);
    expect(many).toMatchObject({ come: 1500, looked: 500, left: 0, flag: 0 });
  });

  it("keeps its flag up as long as one is in it", () => {
    const [cgroups, any] = [new FakeMap("cgroups"), new FakeMap("cgroups_any")];
    const census = { enter: () => ({ entered: 0, full: false }) } as unknown as Census;
    const table = new CgroupTable(cgroups as unknown as BpfMap, any as unknown as BpfMap, census);
    for (const id of [1n, 2n, 3n]) table.add({ id, group: 1 });
    table.remove([1n, 2n]);
    expect(table.any).toBe(true);
    table.remove([3n]);
    expect(table.any).toBe(false);
  });
});
