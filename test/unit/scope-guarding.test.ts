// SPDX-License-Identifier: Apache-2.0
// Nobody is put in scope before the doors stand, against a kernel that only records.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Groups, Hardening, Hierarchy, Scope, type ScopeKernel } from "../../src/scope/index.js";
import { openByWalk } from "./fake-hierarchy.js";

describe("protection and the doors", () => {
  let directory: string;
  let told: string[];
  let fault: Error | undefined;
  let holding: number;
  let scope: Scope;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "scope-"));
    told = [];
    fault = undefined;
    holding = 0;
    const kernel: ScopeKernel = {
      add: ({ tgid }) => {
        told.push(`add ${tgid}`);
        return { records: [], added: 1, full: false };
      },
      remove: () => [],
      each: () => kernel.list(),
      list: () => [],
      cgroups: {
        add: () => true,
        remove: () => {},
        list: () => [],
        groupOf: () => undefined,
        enter: () => ({ entered: 0, full: false }),
      },
      guarding: async (action, how) => {
        told.push(`wake ${how}, ${holding} held`);
        if (fault) throw fault;
        const result = await action();
        told.push("may sleep");
        return result;
      },
    };
    scope = new Scope({
      kernel,
      groups: new Groups(join(directory, "workloads.json")),
      roles: { protected: 1, canary: 8 },
      hold: () => {
        holding++;
        return { alive: () => true, close: () => holding-- };
      },
      limit: 10,
      cgroupLimit: 10,
      openCgroup: openByWalk,
      hierarchy: new Hierarchy(openByWalk, directory),
      hardening: new Hardening(
        { coreLimit: () => [0, 0], hold: () => ({ alive: () => true, close: () => {} }) },
        () => ({
          core_limit: false,
          coredump_filter: false,
          swap: false,
        }),
      ),
      lookAround: async () => [],
    });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("holds the process, wakes the doors, and only then takes it in", async () => {
    await scope.protect({ pid: process.pid }, "me");
    expect(told).toEqual(["wake whole, 1 held", `add ${process.pid}`, "may sleep"]);
    expect(holding).toBe(0);
  });

  it("takes nobody in when the doors do not stand, and holds nothing after", async () => {
    fault = new Error("door bpf is not proved");
    await expect(scope.protect({ pid: process.pid }, "me")).rejects.toThrow("door bpf is not proved");
    expect(told).toEqual(["wake whole, 1 held"]);
    expect(holding).toBe(0);
  });

  it("wakes nothing for a process that is not there", async () => {
    await expect(scope.protect({ pid: 4_194_304 }, "nobody")).rejects.toMatchObject({ code: "PID_MISSING" });
    await expect(scope.protect({ cgroup: "/no/such/group" }, "nobody")).rejects.toMatchObject({
      code: "CGROUP_MISSING",
    });
    expect(told).toEqual([]);
  });

  it("looks again at what is expected and not there yet, without waking anything", async () => {
    scope.follow("later", { cgroup: "/no/such/group" });
    expect(await scope.rescan()).toBe(0);
    expect(told).toEqual([]);
  });
});
