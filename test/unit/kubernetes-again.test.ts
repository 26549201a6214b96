// SPDX-License-Identifier: Apache-2.0
// A directory of the kubelet's that was removed and made again under its name: pods in it are seen at once, as before.
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { podObject } from "./kubernetes-objects.js";
import { Cluster, until } from "./kubernetes-support.js";

/** Less than there is between two rounds, which find everything in the end. */
const soon = { timeout: 5_000, interval: 20 };

it("is watched again", async () => {
  const cluster = new Cluster();
  await cluster.up();
  await cluster.started();
  const pod = async (): Promise<string> => {
    const object = podObject();
    cluster.server.put(object);
    // From here on nothing comes from the API: the kernel alone tells.
    await wait(150);
    return cluster.makeCgroup(object);
  };
  const guarded = (cgroup: string) => expect(cluster.guard.now.has(cgroup)).toBe(true);
  const first = await pod();
  await vi.waitFor(() => guarded(first), soon);
  const above = join(cluster.mount, dirname(first));
  // The old one lives on elsewhere, so that its inode is not given out again.
  renameSync(above, join(cluster.directory, "aside"));
  mkdirSync(above);
  await until(() => expect(cluster.guard.calls.some((call) => call.startsWith("gone"))).toBe(true));
  const second = await pod();
  await vi.waitFor(() => guarded(second), soon);
  await cluster.end();
});
