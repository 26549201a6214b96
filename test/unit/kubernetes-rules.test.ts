// SPDX-License-Identifier: Apache-2.0
// Rules that pods have of their own: in force before protection, over a restart, and whatever others ask for.
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newUid, type PodObject, type PodShape, podObject } from "./kubernetes-objects.js";
import { Cluster, FakeGuard, until } from "./kubernetes-support.js";

let cluster: Cluster;
beforeEach(async () => {
  cluster = new Cluster();
  await cluster.up();
});
afterEach(() => cluster.end());

/** A pod that the kubelet has made a group for. */
function pod(shape: PodShape = {}) {
  const object = podObject(shape);
  cluster.server.put(object);
  return { object, cgroup: cluster.makeCgroup(object) };
}
const guards = (cgroup: string) => until(() => expect(cluster.guard.now.has(cgroup)).toBe(true));

describe("protection", () => {
  it("has its rules from the start where control groups cannot be looked through", async () => {
    const source = await cluster.started();
    const { cgroup } = pod({ annotations: { "cloudtaser.io/mode": "enforce" } });
    await guards(cgroup);
    await until(() => expect(cluster.lines.join()).toContain("pod protected"));
    await source.stop();
    rmSync(join(cluster.mount, "cgroup.controllers"));
    cluster.guard = new FakeGuard(cluster.mount);
    await cluster.started();
    expect(Object.values(cluster.guard.ruled)).toEqual([{ mode: "enforce" }]);
  });

  it("by a pod's own rules is not crowded out by pods that are only written, nor after a restart", async () => {
    const source = await cluster.started();
    const annotations = { "cloudtaser.io/mode": "enforce" };
    for (let i = 0; i < 50; i++) cluster.server.put(podObject({ annotations, containers: {} }));
    await until(() => expect(source.report().wanted).toBe(50));
    const { cgroup } = pod({ annotations });
    await guards(cgroup);
    expect(Object.keys(cluster.guard.ruled)).toEqual([cluster.guard.now.get(cgroup)]);
    await until(() => expect(cluster.lines.join()).toContain("pod protected"));
    await source.stop();
    cluster.guard = new FakeGuard(cluster.mount);
    const next = await cluster.started();
    await until(() => expect(next.report()).toMatchObject({ synced: true, wanted: 51 }));
    expect(Object.keys(cluster.guard.ruled)).toEqual([cluster.guard.now.get(cgroup)]);
  });

  it("by its own rules is told of where there is no room for them", async () => {
    await cluster.started();
    cluster.guard.room = 1;
    const annotations = { "cloudtaser.io/mode": "enforce" };
    const old = pod({ annotations });
    await guards(old.cgroup);
    const young = pod({ annotations });
    await guards(young.cgroup);
    expect(Object.keys(cluster.guard.ruled)).toEqual([cluster.guard.now.get(old.cgroup)]);
    const { uid } = young.object.metadata;
    expect(cluster.notices).toMatchObject([{ type: "POD_RULES_REFUSED", detail: { uid } }]);
  });
});

describe("a pod that says it stands for a static one", () => {
  const weak = { "cloudtaser.io/mode": "detect", "cloudtaser.io/egress": "none" };
  const strict = { "cloudtaser.io/mode": "enforce" };
  const group = (uid: string) => cluster.makeCgroup({ metadata: { uid } } as PodObject);

  it("has the control group of that, by its own rules", async () => {
    const hash = "0123456789abcdef0123456789abcdef";
    await cluster.started();
    cluster.server.put(podObject({ mirrorOf: hash, annotations: strict }));
    const cgroup = group(hash);
    await guards(cgroup);
    expect(Object.values(cluster.guard.ruled)).toEqual([{ mode: "enforce" }]);
  });

  it("gets no control group of another pod", async () => {
    const source = await cluster.started();
    const uid = newUid();
    const thief = podObject({ mirrorOf: uid, annotations: weak, name: "thief" });
    cluster.server.put(thief);
    cluster.server.put(podObject({ uid, annotations: strict, name: "victim" }));
    await until(() => expect(source.report().wanted).toBe(2));
    const cgroup = group(uid);
    await guards(cgroup);
    expect(cluster.guard.now.get(cgroup)).toMatch(/^payments\.victim\./);
    expect(Object.values(cluster.guard.ruled)).toEqual([{ mode: "enforce" }]);
    expect(cluster.notices).toMatchObject([{ type: "POD_UNGUARDED", detail: { uid: thief.metadata.uid } }]);
    expect(source.factsOf(cgroup, undefined)).toMatchObject({ name: "victim" });
  });

  it("and got one before that pod was known has that pod's rules for it", async () => {
    await cluster.started();
    const uid = newUid();
    cluster.server.put(podObject({ mirrorOf: uid, annotations: weak, name: "thief" }));
    const cgroup = group(uid);
    await guards(cgroup);
    cluster.server.put(podObject({ uid, annotations: strict, name: "victim" }));
    await until(() =>
      expect(Object.entries(cluster.guard.ruled).map(([name, rules]) => [name.split(".")[1], rules])).toEqual([
        ["thief", { mode: "enforce" }],
        ["victim", { mode: "enforce" }],
      ]),
    );
    expect(cluster.guard.now.has(cgroup)).toBe(true);
  });

  it("as another one does gives it the rules of all", async () => {
    const hash = "0123456789abcdef0123456789abcdef";
    const source = await cluster.started();
    cluster.server.put(podObject({ mirrorOf: hash, annotations: { "cloudtaser.io/ebpf": "false" } }));
    cluster.server.put(podObject({ mirrorOf: hash, annotations: weak }));
    await until(() => expect(source.report().pods).toBe(2));
    const cgroup = group(hash);
    await guards(cgroup);
    expect(cluster.guard.ruled).toEqual({});
  });
});

describe("a directory of the kubelet's that is given away", () => {
  it.skipIf(process.getuid?.() !== 0)("keeps no pod unprotected, and is told at once, once", async () => {
    const source = await cluster.started();
    const first = pod();
    await guards(first.cgroup);
    chownSync(join(cluster.mount, "kubepods.slice"), 1000, 1000);
    const second = pod();
    await guards(second.cgroup);
    source.look();
    await until(() => expect(cluster.notices).toHaveLength(1));
    expect(cluster.notices[0]).toMatchObject({
      type: "POD_UNGUARDED",
      detail: { reason: expect.stringMatching(/kubepods\.slice belongs to user 1000/) },
    });
  });
});

describe("the pod of the agent", () => {
  const isIn = (path: string) => writeFileSync(join(cluster.directory, "self"), `0::${path}\n`);

  it("is left out where selectors name every pod, and is not missed; when the agent is elsewhere, it is a pod", async () => {
    isIn("/");
    const own = podObject();
    const cgroup = cluster.makeCgroup(own);
    isIn(`${cgroup}/cri-containerd-1.scope`);
    cluster.server.put(own);
    const source = await cluster.started({}, { select: [{ namespaces: ["*"] }] });
    const other = pod();
    await guards(other.cgroup);
    await until(() => expect(source.report()).toMatchObject({ wanted: 2, unguarded: 0 }));
    expect(cluster.guard.calls.filter((call) => call.startsWith("protect"))).toEqual([`protect ${other.cgroup}`]);
    expect(cluster.notices).toEqual([]);
    isIn(`${other.cgroup}`);
    source.look();
    await guards(cgroup);
    expect(cluster.guard.now.has(other.cgroup), "whoever moves the agent into a pod takes nothing away").toBe(true);
  });
});

describe("a configuration that no longer selects a pod", () => {
  const chosen = () => ({ ...cluster.config, select: [{ labels: { app: "api" } }] });
  const unasked = { annotations: { "cloudtaser.io/ebpf": "false" } };

  it("ends the protection that was on its way when it came", async () => {
    const source = await cluster.started({}, chosen());
    let protecting = (): void => {};
    let goOn = (): void => {};
    const begun = new Promise<void>((resolve) => (protecting = resolve));
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const { protect } = cluster.guard;
    cluster.guard.protect = async (groups) => {
      protecting();
      await held;
      return protect.call(cluster.guard, groups);
    };
    const { cgroup } = pod(unasked);
    await begun;
    const configured = source.configure(cluster.config);
    goOn();
    await configured;
    expect(cluster.guard.calls.slice(-1)).toEqual([`unprotect ${cgroup}`]);
    expect(cluster.guard.now.size).toBe(0);
  });

  it("ends it at a later look where it fails, but not if it selects the pod again meanwhile", async () => {
    const source = await cluster.started({}, chosen());
    const [one, other] = [pod(unasked), pod({ ...unasked, labels: { tier: "db" } })];
    await guards(one.cgroup);
    await guards(other.cgroup);
    const { unprotect } = cluster.guard;
    cluster.guard.unprotect = async () => {
      throw new Error("not now");
    };
    await source.configure(cluster.config);
    cluster.guard.unprotect = unprotect;
    expect(cluster.guard.now.size).toBe(2);
    await source.configure({ ...cluster.config, select: [{ labels: { tier: "db" } }] });
    source.look();
    await until(() => expect([...cluster.guard.now.keys()]).toEqual([other.cgroup]));
  });
});
