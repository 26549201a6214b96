// SPDX-License-Identifier: Apache-2.0
// An API server that answers and tells nothing: it is told of like one that is away.
import { afterEach, beforeEach, expect, it } from "vitest";
import { podObject } from "./kubernetes-objects.js";
import { status } from "./kubernetes-server.js";
import { Cluster, until } from "./kubernetes-support.js";

let cluster: Cluster;
beforeEach(async () => {
  cluster = new Cluster();
  await cluster.up();
});
afterEach(() => cluster.end());

const types = () => cluster.notices.map(({ type }) => type);

it("that says 410 each time has failed", async () => {
  cluster.server.fault = (_verb, response) => {
    status(response, 410, "Expired", "The resourceVersion for the provided list is too old.");
    return true;
  };
  const source = await cluster.started();
  await until(() => expect(source.report().failure).toMatch(/it answered 410: The resourceVersion/));
  cluster.server.fault = undefined;
  cluster.server.put(podObject());
  await until(() => expect(source.report()).toMatchObject({ pods: 1, failure: "" }));
});

it("that fails by turns in two ways is away since the first", async () => {
  cluster.awayAfterMs = 500;
  let count = 0;
  cluster.server.fault = (_verb, response) => {
    if (count++ % 2 === 0) status(response, 401, "Unauthorized", "Unauthorized");
    else status(response, 500, "InternalError", "etcd is away");
    return true;
  };
  await cluster.started();
  await until(() => expect(types()).toEqual(["KUBERNETES_AWAY"]));
  expect(count, "they kept changing").toBeGreaterThan(3);
  cluster.server.fault = undefined;
  await until(() => expect(types()).toEqual(["KUBERNETES_AWAY", "KUBERNETES_BACK"]));
});

it("that has never told anything is silent since the start: the metric rises from there", async () => {
  await cluster.server.down();
  const before = Date.now() / 1000;
  const source = await cluster.started();
  const { lastHeard } = source.report();
  expect(lastHeard).toBeGreaterThanOrEqual(before);
  await until(() => expect(source.report().failure).not.toBe(""));
  expect(source.report().lastHeard).toBe(lastHeard);
});
