// SPDX-License-Identifier: Apache-2.0
// A pod's group is known by its id: the next one that has its path is another.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { containerCgroup, newContainerId, podObject } from "./kubernetes-objects.js";
import { Cluster, FakeGuard, until } from "./kubernetes-support.js";

let cluster: Cluster;
beforeEach(async () => {
  cluster = new Cluster();
  await cluster.up();
});
afterEach(() => cluster.end());

describe("protection of a pod", () => {
  it("ends at the next start, if the configuration does not want it any more", async () => {
    const object = podObject({ annotations: { "cloudtaser.io/ebpf": "false" } });
    cluster.server.put(object);
    const cgroup = cluster.makeCgroup(object);
    const source = await cluster.started({}, { select: [{ labels: { app: "api" } }] });
    await until(() => expect(cluster.guard.now.has(cgroup)).toBe(true));
    const workload = cluster.guard.now.get(cgroup);
    await until(() => expect(cluster.lines.join()).toContain("pod protected"));
    await source.stop();
    cluster.guard = new FakeGuard(cluster.mount);
    const next = await cluster.started();
    expect(cluster.guard.ended).toEqual([workload]);
    expect(next.report().wanted).toBe(0);
    await next.stop();
    cluster.guard = new FakeGuard(cluster.mount);
    await cluster.started();
    expect(cluster.guard.ended, "once").toEqual([]);
  });

  it("comes for a group that was removed and made anew at once, under the path that it had", async () => {
    const source = await cluster.started();
    const object = podObject();
    cluster.server.put(object);
    const cgroup = cluster.makeCgroup(object);
    await until(() => expect(cluster.guard.now.has(cgroup)).toBe(true));
    const asked = () => cluster.guard.calls.filter((call) => call === `protect ${cgroup}`).length;
    expect(asked()).toBe(1);
    // Put in place in one step, so that no pass sees it gone.
    const place = join(cluster.mount, cgroup);
    mkdirSync(`${place}.new`);
    rmSync(place, { recursive: true });
    renameSync(`${place}.new`, place);
    expect(cluster.guard.holds(cgroup)).toBe(false);
    source.look();
    await until(() => expect(cluster.guard.holds(cgroup)).toBe(true));
    expect(asked()).toBe(2);
    cluster.server.put(object);
    source.look();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(asked(), "and not again").toBe(2);
  });
});

describe("a group that is named as a pod's", () => {
  const make = (path: string): string => {
    mkdirSync(join(cluster.mount, path), { recursive: true });
    return path;
  };
  const makeDecoy = (uid: string): string => make(`/k8s.io/kubepods/pod${uid}`);

  it("takes no protection from the pod's own, whether it comes first or last, and is told of once", async () => {
    const source = await cluster.started();
    const [early, late] = [podObject(), podObject()];
    const decoys = [makeDecoy(early.metadata.uid)];
    for (const object of [early, late]) cluster.server.put(object);
    const real = [early, late].map((object) => cluster.makeCgroup(object));
    await until(() => expect([...cluster.guard.now.keys()]).toEqual(expect.arrayContaining([...real, ...decoys])));
    decoys.push(makeDecoy(late.metadata.uid));
    for (const cgroup of [...real, ...decoys]) await until(() => expect(cluster.guard.holds(cgroup)).toBe(true));
    await until(() =>
      expect(source.warnings()).toEqual([
        "2 pods have several control groups: all are protected, and one may be a decoy; the log names them",
      ]),
    );
    expect(source.factsOf(real[0], undefined)).toEqual(source.factsOf(decoys[0], undefined));
    expect(source.factsOf(real[0], undefined)?.uid).toBe(early.metadata.uid);
    const told = cluster.lines.filter((line) => line.includes("several control groups"));
    expect(told).toHaveLength(2);
    for (const decoy of decoys) cluster.removeCgroup(decoy);
    source.look();
    await until(() => expect(source.warnings()).toEqual([]));
    for (const decoy of decoys) expect(cluster.guard.now.has(decoy)).toBe(false);
    for (const cgroup of real) expect(cluster.guard.now.has(cgroup)).toBe(true);
  });

  it("does not count as its protection where the other one could not be protected", async () => {
    const object = podObject();
    const [real, decoy] = [cluster.makeCgroup(object), makeDecoy(object.metadata.uid)];
    const protect = cluster.guard.protect.bind(cluster.guard);
    cluster.guard.protect = async (groups) => {
      const faults = await protect(groups.filter(({ cgroup }) => cgroup === decoy));
      return groups.map(({ cgroup }) => (cgroup === decoy ? faults.shift() : new Error("the table is full")));
    };
    cluster.server.put(object);
    const source = await cluster.started();
    await until(() => expect(cluster.guard.now.has(decoy)).toBe(true));
    await until(() => expect(source.report().unguarded).toBe(1));
    expect(cluster.guard.now.has(real)).toBe(false);
    expect(cluster.notices.map(({ type }) => type)).toEqual(["POD_UNGUARDED"]);
  });

  it("keeps nobody from looking for the pod's containers where the kubelet's layout is not known", async () => {
    const id = newContainerId();
    const real = make(`/elsewhere/${containerCgroup("docker", "cgroupfs", id)}`);
    const object = podObject({ runtime: "docker", containers: { app: id } });
    const decoy = makeDecoy(object.metadata.uid);
    const inDecoy = make(`${decoy}/${containerCgroup("docker", "cgroupfs", id)}`);
    cluster.server.put(object);
    await cluster.started();
    await until(() => expect([...cluster.guard.now.keys()].sort()).toEqual([real, decoy].sort()));
    expect(cluster.guard.now.has(inDecoy), "it lies in one that is").toBe(false);
  });

  it("does not make the agent's own pod a workload, nor another's pod the agent's", async () => {
    const [own, other] = [podObject(), podObject()];
    const decoys = [own, other].map(({ metadata }) => makeDecoy(metadata.uid));
    const real = [own, other].map((object) => cluster.makeCgroup(object));
    for (const object of [own, other]) cluster.server.put(object);
    const self = (cgroup: string) => writeFileSync(join(cluster.directory, "self"), `0::${cgroup}/agent.scope\n`);
    self(real[0] ?? "");
    const source = await cluster.started();
    await until(() => expect([...cluster.guard.now.keys()].sort()).toEqual([...decoys, ...real.slice(1)].sort()));
    await source.stop();
    cluster.guard = new FakeGuard(cluster.mount);
    self(decoys[1] ?? "");
    await cluster.started();
    for (const cgroup of real) await until(() => expect(cluster.guard.now.has(cgroup)).toBe(true));
    expect(cluster.guard.now.has(decoys[1] ?? "")).toBe(false);
  });
});
