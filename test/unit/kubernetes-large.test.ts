// SPDX-License-Identifier: Apache-2.0
// Who may write pods for a node may write many and large ones: the others are protected all the same, in bounded memory.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { podOf } from "../../src/kubernetes/pod.js";
import { node, podObject } from "./kubernetes-objects.js";
import { Cluster, until } from "./kubernetes-support.js";

let cluster: Cluster;
beforeEach(async () => {
  cluster = new Cluster();
  await cluster.up();
});
afterEach(() => cluster.end());

const large = () => podObject({ annotations: { "cloudtaser.io/ebpf": "false", note: "x".repeat(100_000) } });
const lists = () => cluster.server.requests.filter(({ verb }) => verb === "list");

describe("a list that there is no room for", () => {
  it("is read in ever smaller pages, and whoever asks for protection has it", async () => {
    for (let i = 0; i < 60; i++) cluster.server.put(large());
    const object = podObject();
    cluster.server.put(object);
    const cgroup = cluster.makeCgroup(object);
    const source = await cluster.started({ listBytes: 800_000 });
    await until(() => expect(source.report()).toMatchObject({ synced: true, pods: 61, failure: "" }));
    await until(() => expect(cluster.guard.now.has(cgroup)).toBe(true));
    const limits = lists().map(({ limit, version }) => (version === "0" ? "all" : limit));
    expect(limits.slice(0, 5)).toEqual(["all", 20, 10, 5, 5]);
  });

  it("counts page by page: what cannot be read at all keeps nobody who was read before unprotected", async () => {
    cluster.server.pageSize = 1;
    const object = podObject();
    cluster.server.put(object);
    cluster.server.put(large());
    const cgroup = cluster.makeCgroup(object);
    const source = await cluster.started({ listBytes: 50_000 });
    await until(() => expect(cluster.guard.now.has(cgroup)).toBe(true));
    await until(() => expect(source.report().failure).toMatch(/an answer of more than 50000 bytes/));
    expect(source.report().synced).toBe(false);
  });

  it("holds no pods that have ended, and one that ends goes from it", async () => {
    for (let i = 0; i < 20; i++) cluster.server.put(podObject({ running: false }));
    const object = podObject();
    cluster.server.put(object);
    const source = await cluster.started();
    await until(() => expect(source.report()).toMatchObject({ synced: true, pods: 1 }));
    await until(() => expect(cluster.server.watching).toBe(1));
    cluster.server.put({ ...object, status: { ...object.status, phase: "Failed" } });
    await until(() => expect(source.report().pods).toBe(0));
  });
});

it("of a pod's annotations stays what means something, and none of the text around it", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const pods = Array.from({ length: 200 }, (_, i) => {
    const more = Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`cloudtaser.io/x${k}`, "y".repeat(9000)]));
    const annotations = { "cloudtaser.io/egress": `${i}${"1".repeat(200_000)}`, ...more };
    return podOf(JSON.parse(JSON.stringify(podObject({ annotations }))), node);
  });
  const each = (heap() - before) / pods.length;
  expect(Object.keys(pods[0]?.annotations ?? {})).toEqual(["ebpf", "egress"]);
  expect(pods[0]?.annotations["egress"]?.length, "one more than is read, so that it is told").toBe(8193);
  expect(each).toBeLessThan(20_000);
});
