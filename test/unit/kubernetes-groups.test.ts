// SPDX-License-Identifier: Apache-2.0
// A pod's group is known by its id: the next one that has its path is another.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { podObject } from "./kubernetes-objects.js";
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
