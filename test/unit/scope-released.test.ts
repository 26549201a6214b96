// SPDX-License-Identifier: Apache-2.0
// Whom a person takes out by its number stays out of every look that user space takes by itself, and comes back by
// another person's word. The kernel is one that keeps what bpf/census.bpf.c keeps.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CensusOp, CensusRequestSize, decodeCensusRequest } from "../../src/kernel/abi.gen.js";
import { Census } from "../../src/kernel/census.js";
import type { BpfMap } from "../../src/kernel/native.js";
import { Groups, Hardening, Hierarchy, Scope, type ScopeKernel, type ScopeRecord } from "../../src/scope/index.js";
import { openByWalk } from "./fake-hierarchy.js";
import { FakeMap } from "./fake-maps.js";

/** Two that run now, so that a look at them as processes succeeds; to the kernel below the second descends from the first. */
const [pid, child] = [process.pid, process.ppid];

describe("who was taken out by number", () => {
  let root: string;
  let scope: Scope;
  /** Number of the process to that of its group. */
  let inScope: Map<number, number>;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "released-"));
    mkdirSync(join(root, "a"));
    inScope = new Map();
    const released = new Set<number>();
    const cgroups = new Map<bigint, number>();
    const recordOf = ([tgid, group]: [number, number]): ScopeRecord => ({
      who: { tgid, group, uid: 0, comm: "x", startBoottimeNs: 1n },
      role: 1,
      tracer: 0,
    });
    const kernel: ScopeKernel = {
      add: ({ tgid, group, recall }) => {
        for (const one of [tgid, child]) {
          if (inScope.has(one) || (one !== tgid && !recall && released.has(one))) continue;
          inScope.set(one, group);
        }
        return { records: [...inScope].map(recordOf), added: 1, full: false };
      },
      remove: ({ tgid, group }) => {
        const gone = [...inScope].filter(([one, its]) => (tgid === 0 ? its === group : one === tgid));
        for (const [one] of gone) {
          inScope.delete(one);
          if (tgid !== 0) released.add(one);
          else released.delete(one);
        }
        return gone.map(recordOf);
      },
      each: () => kernel.list(),
      list: () => [...inScope].map(recordOf),
      cgroups: {
        add: ({ id, group }) => Boolean(cgroups.set(id, group)),
        remove: (ids) => {
          for (const id of ids) cgroups.delete(id);
        },
        groupOf: (id) => cgroups.get(id),
        list: () => [...cgroups].map(([id, group]) => ({ id, group })),
        enter: (_, recall) => {
          for (const group of cgroups.values()) {
            if (!inScope.has(pid) && (!released.has(pid) || recall === group)) inScope.set(pid, group);
          }
          return { entered: 0, full: false };
        },
      },
      guarding: async (action) => action(),
    };
    const means = { coreLimit: (): [number, number] => [0, 0], hold: () => ({ alive: () => true, close: () => {} }) };
    scope = new Scope({
      kernel,
      groups: new Groups(join(root, "workloads.json")),
      roles: { protected: 1, canary: 8 },
      hold: () => ({ alive: () => true, close: () => {} }),
      limit: 7,
      cgroupLimit: 10,
      openCgroup: openByWalk,
      hierarchy: new Hierarchy(openByWalk, root),
      hardening: new Hardening(means, () => ({ core_limit: false, coredump_filter: false, swap: false })),
      lookAround: async () => [],
    });
  });
  afterEach(() => {
    scope.close();
    rmSync(root, { recursive: true, force: true });
  });

  it("stays out while its control group is looked at again, and comes back when a person names it", async () => {
    await scope.protect({ cgroup: "/a" }, "one");
    expect([...inScope.keys()]).toContain(pid);
    scope.unprotect({ pid });
    await scope.rescan();
    await scope.protect({ cgroup: "/a" }, "one", "partial");
    expect([...inScope.keys()], "a round, and a configuration that is loaded again").not.toContain(pid);
    await scope.protect({ cgroup: "/a" }, "one");
    expect([...inScope.keys()], "a person's word").toContain(pid);
  });

  it("is not found by the second looks for who descends from a process", async () => {
    await scope.protect({ pid }, "one");
    expect(inScope.has(child)).toBe(true);
    inScope.delete(child);
    await setTimeout(80);
    expect(inScope.has(child), "a second look finds one that was missed").toBe(true);
    await scope.protect({ pid }, "one");
    scope.unprotect({ pid: child });
    await setTimeout(700);
    expect(inScope.has(child), "and none that was taken out").toBe(false);
    await scope.protect({ pid }, "one", "partial");
    expect(inScope.has(child), "nor by a configuration that is loaded again").toBe(false);
    await scope.protect({ pid }, "one");
    expect(inScope.has(child), "who names the parent again means the child too").toBe(true);
  });

  it("is asked for in the census by the number of its workload, and otherwise not", () => {
    const map = new FakeMap("census_request");
    const asked: { op: number; recall: number }[] = [];
    const census = new Census(map as unknown as BpfMap, () => {
      const request = map.lookup(Buffer.alloc(4)) ?? Buffer.alloc(CensusRequestSize);
      const { op, recall } = decodeCensusRequest(request);
      asked.push({ op, recall });
      return Buffer.alloc(0);
    });
    census.enter();
    census.enter(1n, 5);
    census.add({ tgid: 9, group: 6, role: 1, follow: true });
    census.add({ tgid: 9, group: 6, role: 1, follow: true, recall: true });
    expect(asked.filter(({ op }) => op === CensusOp.cgroups).map(({ recall }) => recall)).toEqual([0, 5]);
    expect(new Set(asked.filter(({ op }) => op === CensusOp.add).map(({ recall }) => recall))).toEqual(new Set([0, 6]));
  });
});
