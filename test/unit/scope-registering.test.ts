// SPDX-License-Identifier: Apache-2.0
// What happens when control groups are registered: by whom they are trusted, what is done for who is in them, and what is
// left of it when the tables are full.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Groups, Hardening, Hierarchy, Scope, type ScopeKernel, type ScopeRecord } from "../../src/scope/index.js";
import { openByWalk } from "./fake-hierarchy.js";

describe("registered control groups", () => {
  let root: string;
  let told: string[];
  let room: number;
  let full: boolean;
  let listed: number;
  let censuses: number;
  let members: ScopeRecord[];
  let looked: number[][];
  let hardened: Hardening;
  let hierarchy: Hierarchy;
  let scope: Scope;
  const table = new Map<bigint, number>();

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "registering-"));
    for (const one of ["a", "b", "c"]) mkdirSync(join(root, one));
    [told, room, full, listed, members, looked] = [[], 10, false, 0, [], []];
    censuses = 0;
    table.clear();
    const kernel: ScopeKernel = {
      add: ({ tgid }) => {
        told.push(`follow ${tgid}`);
        return { records: [], added: 0, full: false };
      },
      remove: () => [],
      each: () => kernel.list(),
      list: () => {
        censuses++;
        return members;
      },
      cgroups: {
        add: ({ id, group }) => table.size < room && Boolean(table.set(id, group)),
        remove: (ids) => {
          for (const id of ids) table.delete(id);
        },
        groupOf: (id) => table.get(id),
        list: () => {
          listed++;
          return [...table].map(([id, group]) => ({ id, group }));
        },
        enter: (trusted) => {
          told.push(trusted === undefined ? "enter" : `enter, trusting ${nameOf(trusted)}`);
          return { entered: 0, full };
        },
      },
      guarding: async (action) => action(),
    };
    const means = { coreLimit: (): [number, number] => [0, 0], hold: () => ({ alive: () => true, close: () => {} }) };
    hardened = new Hardening(means, () => ({ core_limit: false, coredump_filter: false, swap: false }));
    hierarchy = new Hierarchy(openByWalk, root);
    scope = new Scope({
      kernel,
      groups: new Groups(join(root, "workloads.json")),
      roles: { protected: 1, canary: 8 },
      hold: () => ({ alive: () => true, close: () => {} }),
      limit: 7,
      cgroupLimit: 10,
      openCgroup: openByWalk,
      hierarchy,
      hardening: hardened,
      lookAround: async (workloads) => {
        looked.push(...workloads.map((pids) => [...pids]));
        return [`process ${workloads[0]?.[0]} has a memfd`];
      },
    });
  });
  afterEach(() => {
    scope.close();
    rmSync(root, { recursive: true, force: true });
  });

  const nameOf = (id: bigint) => ["a", "b", "c"].find((one) => hierarchy.find(`/${one}`) === id);
  const member = (group: number): ScopeRecord => ({
    who: { tgid: process.pid, group, uid: 0, comm: "x", startBoottimeNs: 1n },
    role: 1,
    tracer: 0,
  });

  it("are trusted by a person's word only, and only what is new of them", async () => {
    await scope.protect({ cgroup: "/a" }, "one");
    await scope.protect({ cgroup: "/a" }, "one");
    await scope.protect({ cgroup: "/b" }, "two", "partial");
    await scope.protectCgroups([{ path: "/c", workload: "three" }]);
    await scope.rescan();
    expect(told).toEqual(["enter, trusting a", "enter", "enter", "enter", "enter"]);
  });

  it("bring in children that were started elsewhere, once", async () => {
    members = [member(1)];
    await scope.protect({ cgroup: "/a" }, "one");
    await scope.protect({ cgroup: "/a" }, "one");
    expect(told.filter((one) => one.startsWith("follow"))).toEqual([`follow ${process.pid}`]);
  });

  it("of pods have who is in them hardened and looked around for at once", async () => {
    members = [member(1)];
    await scope.protectCgroups([{ path: "/a", workload: "pod" }]);
    expect(hardened.of(member(1))).toHaveProperty("dumpable");
    await setTimeout(10);
    expect(looked).toEqual([[process.pid]]);
    expect(scope.warnings).toEqual([`pod: process ${process.pid} has a memfd`]);
  });

  it("stand though the table of processes is full, which is told as long as it is so", async () => {
    full = true;
    const results = await scope.protectCgroups([
      { path: "/a", workload: "pod" },
      { path: "/none", workload: "gone" },
    ]);
    expect(results).toMatchObject([{ id: hierarchy.find("/a") }, { error: { code: "CGROUP_MISSING" } }]);
    expect(scope.warnings).toEqual([expect.stringContaining("is full (7)")]);
    rmSync(join(root, "a"), { recursive: true });
    await scope.rescan();
    expect(table.size, "what is gone is forgotten all the same").toBe(0);
    await scope.rescan();
    expect(scope.warnings).toEqual([]);
  });

  it("of one request are taken in though another of it finds no room", async () => {
    room = 2;
    await expect(scope.protect({ cgroups: ["/*"] }, "all", "partial")).rejects.toMatchObject({ code: "CGROUPS_FULL" });
    expect(table.size).toBe(2);
    expect(told).toEqual(["enter"]);
  });

  it("are looked for in the table one by one, and not by a list of it for each", async () => {
    for (let i = 0; i < 500; i++) mkdirSync(join(root, `many${i}`));
    room = 1000;
    const wanted = Array.from({ length: 500 }, (_, i) => ({ path: `/many${i}`, workload: `pod-${i % 3}` }));
    await scope.protectCgroups(wanted);
    expect(table.size).toBe(500);
    expect(listed).toBeLessThan(5);
    expect(censuses, "of all processes, however many workloads").toBeLessThan(5);
  });

  it("are looked at once for all who ask before that look begins", async () => {
    await scope.protectCgroups([{ path: "/a", workload: "pod" }]);
    told.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => scope.rescan()));
    expect(told).toEqual(["enter"]);
  });

  it("are looked at again when something is made in them", async () => {
    await scope.protectCgroups([{ path: "/a", workload: "pod" }]);
    told.length = 0;
    for (let i = 0; i < 5; i++) mkdirSync(join(root, `a/container${i}`));
    for (let i = 0; i < 100 && told.length === 0; i++) await setTimeout(20);
    expect(told).toEqual(["enter"]);
  });

  it("that are another's already are not looked for under a second name", async () => {
    await scope.protect({ cgroup: "/a" }, "one");
    const { warnings } = await scope.protect({ cgroup: "/a" }, "two");
    expect(warnings).toContain("control group /a was already protected, as workload one");
    scope.unprotect({ workload: "one" });
    await scope.rescan();
    expect([...table]).toEqual([]);
    await scope.protect({ cgroup: "/a" }, "two");
    await scope.protect({ cgroup: "/a" }, "two");
    table.clear();
    await scope.rescan();
    expect(table.size, "once it is its own it is").toBe(1);
  });
});
