// SPDX-License-Identifier: Apache-2.0
// A container's hook asks before its start: its pod is protected when it has its answer, also if the API server tells of it
// late, and a name alone makes nobody a member of a pod.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newUid, podObject } from "./kubernetes-objects.js";
import { Cluster, until } from "./kubernetes-support.js";

let cluster: Cluster;
beforeEach(async () => {
  cluster = new Cluster();
  await cluster.up();
});
afterEach(() => cluster.end());

const open = { annotations: { "cloudtaser.io/ebpf": "false" } };

async function synced() {
  const source = await cluster.started();
  await until(() => expect(source.report().synced).toBe(true));
  return source;
}

describe("the wish for a container", () => {
  it("is that of its pod, which is protected when the answer comes", async () => {
    const source = await synced();
    const object = podObject({ name: "api-0" });
    cluster.server.put(object);
    await until(() => expect(source.report().pods).toBe(1));
    const group = cluster.makeCgroup(object);
    const wish = await source.wishFor(`${group}/cri-containerd-x.scope`, 0);
    expect(wish).toEqual({ wanted: true, workload: expect.stringMatching(/^payments\.api-0\./) });
    expect(cluster.guard.now.get(group)).toBe(wish.workload);
  });

  it("waits for a pod that the API server tells late", async () => {
    const source = await synced();
    const object = podObject();
    const group = cluster.makeCgroup(object);
    const wish = source.wishFor(`${group}/x`, 20_000);
    setTimeout(() => cluster.server.put(object), 200);
    expect(await wish).toMatchObject({ wanted: true, workload: expect.any(String) });
  });

  it("is none for pods that nobody wants, for what is no pod, and for one that never comes", async () => {
    const source = await synced();
    const object = podObject(open);
    cluster.server.put(object);
    const none = { wanted: false, workload: undefined };
    // Known: not waited for, else this test would be.
    expect(await source.wishFor(cluster.makeCgroup(object), 3_600_000)).toEqual(none);
    expect(await source.wishFor("/system.slice/x.service", 20_000)).toEqual(none);
    const began = performance.now();
    expect(await source.wishFor(`/kubepods/pod${newUid()}/x`, 300)).toEqual(none);
    expect(performance.now() - began).toBeGreaterThan(250);
  });

  it("does not wait while the API server is away", async () => {
    const source = await synced();
    await cluster.server.down();
    await until(() => expect(source.report().failure).not.toBe(""));
    const began = performance.now();
    await source.wishFor(`/kubepods/pod${newUid()}/x`, 20_000);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("makes nobody a member whose group only has the pod's name", async () => {
    const source = await synced();
    const object = podObject();
    cluster.server.put(object);
    const group = cluster.makeCgroup(object);
    await until(() => expect(cluster.guard.now.has(group)).toBe(true));
    const forged = `/user.slice/user-1000.slice/pod${object.metadata.uid}`;
    mkdirSync(join(cluster.mount, forged), { recursive: true });
    expect(await source.wishFor(`${forged}/x`, 0)).toEqual({ wanted: true, workload: undefined });
    expect(await source.wishFor(`${group}x`, 0)).toEqual({ wanted: false, workload: undefined });
  });

  it("knows no workload of a pod whose group could not be protected", async () => {
    cluster.guard.fault = new Error("no room");
    const source = await synced();
    const object = podObject();
    cluster.server.put(object);
    expect(await source.wishFor(cluster.makeCgroup(object), 20_000)).toEqual({ wanted: true, workload: undefined });
  });
});
