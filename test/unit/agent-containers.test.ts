// SPDX-License-Identifier: Apache-2.0
// A container before its start: which process is meant, as what it is protected, and that nothing its maker chooses takes
// it, or anybody else, into a workload that is not its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ContainerParts, protectContainer } from "../../src/agent/containers.js";
import { firstProcess } from "../../src/agent/first-process.js";
import type { ContainerRequest, Peer } from "../../src/control/protocol.js";
import { CloudtaserError } from "../../src/errors/index.js";
import type { PodWish } from "../../src/kubernetes/index.js";
import { Groups, type ScopeRecord } from "../../src/scope/index.js";

interface Shape {
  numbers?: number[];
  parent?: number;
  start?: string;
  cgroup?: string;
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-containers-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const proc = () => join(directory, "proc");
const cgroups = () => join(directory, "cgroup");

function run(pid: number, { numbers = [pid], parent = 1, start = "100", cgroup }: Shape = {}): void {
  const own = join(proc(), String(pid));
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, "status"), `Name:\tPPid: 66\nPPid:\t${parent}\nNSpid:\t${numbers.join("\t")}\n`);
  writeFileSync(join(own, "stat"), `${pid} (a ) b) S ${"0 ".repeat(18)}${start} 0\n`);
  writeFileSync(join(own, "cgroup"), cgroup === undefined ? "1:cpu:/x\n" : `1:cpu:/x\n0::${cgroup}\n`);
}
function members(cgroup: string, pids: readonly number[]): void {
  mkdirSync(join(cgroups(), cgroup), { recursive: true });
  writeFileSync(join(cgroups(), cgroup, "cgroup.procs"), pids.map((pid) => `${pid}\n`).join(""));
}

const hook: Peer = { pid: 50, uid: 0, gid: 0 };
const request: ContainerRequest = { id: "c1", pid: 60, startTicks: "100", wanted: true, label: "payments.api-0" };

interface Setting {
  pod?: PodWish;
  fault?: Error;
  onProtect?: () => void;
}

function setting({ pod, fault, onProtect }: Setting = {}) {
  const calls: string[] = [];
  const groups = new Groups(join(directory, "workloads.json"));
  const records: ScopeRecord[] = [];
  const put = (tgid: number, workload: string): void => {
    const who = { tgid, group: groups.ensure(workload), uid: 0, comm: "x", startBoottimeNs: 1n };
    records.push({ who, role: 1, tracer: 0 });
  };
  const parts: ContainerParts = {
    groups,
    scope: {
      async protect(target, name = "", how) {
        calls.push(`protect ${JSON.stringify(target)} ${how}`);
        if (fault) throw fault;
        if ("pid" in target) put(target.pid, name);
        onProtect?.();
        return { workload: name, records, warnings: [] };
      },
      async protectCgroups(wanted) {
        calls.push(...wanted.map(({ path }) => `group ${path}`));
        return wanted.map(({ path }) => ({ path, id: 1n }));
      },
      unprotect(which) {
        calls.push(`unprotect ${Object.keys(which)}`);
        return { workload: "", records: [], warnings: [] };
      },
      records: () => records,
    },
    pods: pod === undefined ? undefined : { wishFor: async () => pod },
    log: { info: () => {}, error: () => {} },
    places: { proc: proc(), cgroups: cgroups() },
  };
  const ask = (over: Partial<ContainerRequest> = {}, peer = hook) =>
    protectContainer(parts, { ...request, ...over }, peer);
  return { calls, groups, put, ask };
}

const scopeOf = "/system.slice/libpod-c1.scope";
function node(cgroup: string | undefined = scopeOf): void {
  run(50, { cgroup: "/system.slice/crio.service" });
  run(60, cgroup === undefined ? {} : { cgroup });
  if (cgroup !== undefined) members(cgroup, [60]);
}

describe("the first process", () => {
  it("is the one that is named, for a hook on the node", () => {
    run(50);
    expect(firstProcess(request, hook, proc())).toBe(60);
  });

  it.each([
    ["by 1, with runc", 1],
    ["by no number, with crun", undefined],
  ])("is the hook's parent inside of the container, where it is named %s", (_, pid) => {
    run(50, { numbers: [50, 2], parent: 60 });
    run(60, { numbers: [60, 1] });
    expect(firstProcess({ ...request, pid }, hook, proc())).toBe(60);
  });

  it.each([
    ["the hook is gone", undefined, { numbers: [60] }, 60],
    ["process 1 of the node is named", { numbers: [50] }, { numbers: [60] }, 1],
    ["the agent is named", { numbers: [50] }, { numbers: [60] }, process.pid],
    ["nobody is named on the node", { numbers: [50] }, { numbers: [60] }, undefined],
    [
      "the parent is a runtime in a node that is a container itself",
      { numbers: [50, 9], parent: 60 },
      { numbers: [60, 8] },
      30,
    ],
    ["the parent is outside", { numbers: [50, 2], parent: 60 }, { numbers: [60] }, 1],
    ["the parent is outside, and known by its number", { numbers: [50, 2], parent: 60 }, { numbers: [60] }, 60],
    ["the parent is gone", { numbers: [50, 2], parent: 61 }, { numbers: [60, 1] }, 1],
  ])("is nobody if %s", (_, own, parent, pid) => {
    if (own) run(50, own);
    run(60, parent);
    const find = () => firstProcess({ ...request, pid }, hook, proc());
    expect(find).toThrow(expect.objectContaining({ code: "CONTAINER_PROCESS_UNKNOWN" }));
    expect(() => firstProcess({ ...request, pid }, { ...hook, pid: 0 }, proc())).toThrow(CloudtaserError);
  });
});

describe("a container that asks", () => {
  it("is protected by its process, and by its group for who enters it later", async () => {
    node();
    const { calls, ask } = setting();
    const report = await ask();
    expect(report).toEqual({
      protected: true,
      workload: expect.stringMatching(/^payments\.api-0\.[0-9a-f]{12}$/),
      warnings: [],
    });
    expect(calls).toEqual(['protect {"pid":60} partial', `group ${scopeOf}`]);
  });

  it("asked for twice, as by two hooks, is what it is", async () => {
    node();
    const { calls, ask } = setting();
    const first = await ask();
    expect(await ask()).toEqual(first);
    expect(calls).toHaveLength(2);
  });

  it.each([
    "payments.api-0",
    "payments.api-0.0123456789ab",
    "../../x",
    "\u001b[2J\n",
    "x".repeat(1024),
    "...",
    undefined,
  ])("gets a workload of its own under the name %j", async (label) => {
    node();
    const { groups, ask } = setting();
    for (const taken of ["payments.api-0", "payments.api-0.0123456789ab"]) groups.ensure(taken);
    const before = groups.names();
    const { workload } = await ask({ label });
    expect(before).not.toContain(workload);
    expect(workload).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
    run(61, { cgroup: "/other" });
    members("/other", [61]);
    expect((await ask({ label, pid: 61 })).workload, "of the same id and name").not.toBe(workload);
  });

  it("does not join whoever has its name already", async () => {
    node();
    const { workload } = await setting().ask();
    const { groups, ask } = setting(); // remembers that name, as after an agent that was killed
    expect(groups.names()).toEqual([workload]);
    expect((await ask()).workload).not.toBe(workload);
  });

  it.each([
    ["others are in", scopeOf, [60, 1234]],
    ["it is not to be found in", scopeOf, []],
    ["is that of all", "/", [60]],
  ])("is protected without its group where %s it, and says so", async (_, cgroup, pids) => {
    node(cgroup);
    members(cgroup, pids);
    const { calls, ask } = setting();
    const { warnings } = await ask();
    expect(warnings).toEqual([
      expect.stringContaining("is not its own: who enters the container later is not protected"),
    ]);
    expect(calls).toEqual(['protect {"pid":60} partial']);
  });

  it("is protected where there is no unified hierarchy", async () => {
    run(50);
    run(60);
    const { warnings } = await setting().ask();
    expect(warnings).toEqual([expect.stringContaining("no control group of the unified hierarchy")]);
  });

  it("is protected with the hook that runs in its group", async () => {
    node();
    run(50, { numbers: [50, 2], parent: 60, cgroup: scopeOf });
    run(60, { numbers: [60, 1], cgroup: scopeOf });
    members(scopeOf, [60, 50]);
    const { calls, ask } = setting();
    expect((await ask({ pid: 1 })).warnings).toEqual([]);
    expect(calls).toEqual(['protect {"pid":60} partial', `group ${scopeOf}`]);
  });

  it.each([
    ["has ended", () => rmSync(join(proc(), "60"), { recursive: true }), "no process with id 60"],
    ["has the number of another", () => run(60, { start: "101", cgroup: scopeOf }), "belongs to another process"],
  ])("is not protected if its process %s", async (_, change, why) => {
    node();
    change();
    const { calls, ask } = setting();
    await expect(ask()).rejects.toMatchObject({ code: "CONTAINER_UNGUARDED", message: expect.stringContaining(why) });
    expect(calls).toEqual([]);
  });

  it("is let go if its number changed hands meanwhile", async () => {
    node();
    const { calls, ask } = setting({ onProtect: () => run(60, { start: "999", cgroup: scopeOf }) });
    await expect(ask()).rejects.toMatchObject({ code: "CONTAINER_UNGUARDED" });
    expect(calls).toEqual(['protect {"pid":60} partial', "unprotect workload"]);
  });

  it("is told why it could not be", async () => {
    node();
    const fault = new CloudtaserError("SCOPE_FULL", { target: "60", fields: { limit: 1 } });
    await expect(setting({ fault }).ask()).rejects.toMatchObject({
      code: "CONTAINER_UNGUARDED",
      target: "c1",
      message: expect.stringContaining("the table of protected processes is full"),
    });
  });
});

describe("a container of a pod", () => {
  const pod: PodWish = { wanted: true, workload: "payments.api-0.aa" };

  it("is what its pod is, whatever it says itself", async () => {
    node();
    const { put, calls, ask } = setting({ pod });
    put(60, "payments.api-0.aa");
    for (const wanted of [true, false])
      expect(await ask({ wanted })).toEqual({ protected: true, workload: "payments.api-0.aa", warnings: [] });
    expect(calls).toEqual([]);
  });

  it("does not start if the kernel does not have it among the protected", async () => {
    node();
    await expect(setting({ pod }).ask({ wanted: false })).rejects.toMatchObject({ code: "CONTAINER_UNGUARDED" });
  });

  it("outside of the pod's groups is protected, and not as a member of the pod", async () => {
    node();
    const { ask } = setting({ pod: { wanted: true, workload: undefined } });
    const { workload } = await ask({ wanted: false, label: "payments.api-0" });
    expect(workload).toMatch(/^payments\.api-0\.[0-9a-f]{12}$/);
  });

  it("that nobody wants protected is not", async () => {
    node();
    const { calls, ask } = setting({ pod: { wanted: false, workload: undefined } });
    expect(await ask({ wanted: false })).toEqual({ protected: false, workload: null, warnings: [] });
    expect(calls).toEqual([]);
  });
});
