// SPDX-License-Identifier: Apache-2.0
// What was found when protection began is told as long as it concerns somebody.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Groups, Hardening, Scope, type ScopeRecord } from "../../src/scope/index.js";
import { openByWalk } from "./fake-hierarchy.js";

const directory = mkdtempSync(join(tmpdir(), "scope-"));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A kernel that protects what it is told to, and a scope on top of it. */
function scopeWith(
  found: () => string[],
  guarding: <T>(action: () => T | Promise<T>) => Promise<T> = async (action) => action(),
): { scope: Scope; protectedNow: ScopeRecord[] } {
  const protectedNow: ScopeRecord[] = [];
  const scope = new Scope({
    kernel: {
      add({ tgid, group, role }) {
        const record = { who: { tgid, group, uid: 0, comm: "x", startBoottimeNs: 1n }, role, tracer: 0 };
        protectedNow.push(record);
        return { records: [record], added: 1, full: false };
      },
      remove: ({ group }) => protectedNow.filter(({ who }) => who.group === group),
      each: () => protectedNow,
      list: () => protectedNow,
      cgroups: {
        add: () => true,
        remove: () => {},
        list: () => [],
        groupOf: () => undefined,
        enter: () => ({ entered: 0, full: false }),
      },
      guarding,
    },
    groups: new Groups(join(directory, "workloads.json")),
    roles: { protected: 1, canary: 8 },
    hold: () => ({ alive: () => true, close: () => {} }),
    limit: 10,
    cgroupLimit: 10,
    openCgroup: openByWalk,
    hardening: new Hardening({ coreLimit: () => [0, 0], hold: () => ({ alive: () => true, close: () => {} }) }, () => ({
      core_limit: false,
      coredump_filter: false,
      swap: false,
    })),
    lookAround: async () => found(),
  });
  return { scope, protectedNow };
}

describe("Scope", () => {
  it("forgets what was found once the workload is gone, or once nothing is found any more", async () => {
    let found = ["process 7 has mem open"];
    const { scope, protectedNow } = scopeWith(() => found);
    expect((await scope.protect({ pid: process.pid }, "one")).warnings).toEqual(found);
    expect(scope.warnings).toEqual(["one: process 7 has mem open"]);
    await scope.rescan();
    expect(scope.warnings, "while a process of it is left").toHaveLength(1);
    protectedNow.splice(0);
    await scope.rescan();
    expect(scope.warnings).toEqual([]);
    await scope.protect({ pid: process.pid }, "two");
    found = [];
    await scope.protect({ pid: process.pid }, "two");
    expect(scope.warnings).toEqual([]);
  });

  it("asks whether somebody may join when nothing is waited for any more", async () => {
    let awake = false;
    const guarding = async <T>(action: () => T | Promise<T>): Promise<T> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      awake = true;
      return action();
    };
    const { scope, protectedNow } = scopeWith(() => [], guarding);
    const refuse = (): void => {
      if (awake) throw new Error("not signed");
    };
    await expect(scope.protect({ pid: process.pid }, "db", "whole", refuse)).rejects.toThrow("not signed");
    expect(protectedNow).toEqual([]);
  });
});
