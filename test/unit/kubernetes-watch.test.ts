// SPDX-License-Identifier: Apache-2.0
// List and watch against an API server with the habits of a real one, and with its bad days.
import { renameSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CloudtaserError } from "../../src/errors/index.js";
import { endpointOf } from "../../src/kubernetes/endpoint.js";
import type { KubernetesSource } from "../../src/kubernetes/index.js";
import { newUid, podObject } from "./kubernetes-objects.js";
import { status } from "./kubernetes-server.js";
import { Cluster, until } from "./kubernetes-support.js";

let cluster: Cluster;
beforeEach(async () => {
  cluster = new Cluster();
  await cluster.up();
});
afterEach(() => cluster.end());

const put = (count: number, more: object = {}) =>
  Array.from({ length: count }, () => {
    const pod = podObject(more);
    cluster.server.put(pod);
    return pod;
  });
const knows = (source: KubernetesSource, pods: number) => until(() => expect(source.report().pods).toBe(pods));
const lists = () => cluster.server.requests.filter(({ verb }) => verb === "list").length;

describe("the pods of the node", () => {
  it("come with the first list, then one by one, and go", async () => {
    put(3);
    put(2, { nodeName: "node-2" });
    const source = cluster.source();
    expect(source.notReady()).toEqual(["pods of this node: the API server has not answered yet"]);
    await source.start();
    await knows(source, 3);
    expect(source.notReady()).toEqual([]);
    const [pod] = put(1);
    await knows(source, 4);
    cluster.server.remove(pod?.metadata.uid ?? "");
    await knows(source, 3);
    expect(lists(), "nothing was listed again").toBe(1);
    expect(cluster.server.requests[0]?.version).toBe("0");
  });

  it("are those that come to the node and leave it", async () => {
    const source = await cluster.started();
    const uid = newUid();
    cluster.server.put({ ...podObject({ uid }), spec: {} });
    cluster.server.put(podObject({ uid }));
    await knows(source, 1);
    cluster.server.put(podObject({ uid, nodeName: "node-2" }));
    await knows(source, 0);
  });

  it("are read in pages, from the beginning again if the list changes too much meanwhile", async () => {
    const source = await cluster.started();
    await until(() => expect(cluster.server.watching).toBe(1));
    await cluster.server.down();
    put(25);
    cluster.server.compact();
    cluster.server.pageSize = 10;
    let expired = false;
    cluster.server.fault = (verb, response, request) => {
      if (verb !== "list" || expired || !request.url?.includes("continue=")) return false;
      expired = true;
      status(response, 410, "Expired", "The provided continue parameter is too old.");
      return true;
    };
    await cluster.server.up();
    await knows(source, 25);
    expect(expired).toBe(true);
    await until(() => expect(cluster.server.watching).toBe(1));
  });
});

describe("a watch", () => {
  it.each(["end", "break"] as const)("that the server %ss goes on where it stood", async (how) => {
    const source = await cluster.started();
    await until(() => expect(cluster.server.watching).toBe(1));
    cluster.server.endWatches(how);
    put(2);
    await knows(source, 2);
    expect(lists()).toBe(1);
    expect(source.report()).toMatchObject({ watchRestarts: 1, failure: "" });
  });

  it("goes on from a bookmark, though nothing of the node was told for long", async () => {
    const source = await cluster.started();
    await until(() => expect(cluster.server.watching).toBe(1));
    put(5, { nodeName: "node-2" });
    cluster.server.compact();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const before = source.report().lastHeard;
    cluster.server.bookmark();
    await until(() => expect(source.report().lastHeard).toBeGreaterThan(before));
    cluster.server.endWatches("end");
    put(1);
    await knows(source, 1);
    expect(lists(), "without the bookmark it would have had to").toBe(1);
  });

  it("that is too old (410) makes a new list, and forgets what went meanwhile", async () => {
    const [gone] = put(3);
    const source = await cluster.started();
    await knows(source, 3);
    await cluster.server.down();
    cluster.server.remove(gone?.metadata.uid ?? "");
    cluster.server.compact();
    await cluster.server.up();
    await knows(source, 2);
    expect(lists()).toBe(2);
  });

  it("that ends at once, again and again, is not asked for in a storm", async () => {
    cluster.server.fault = (verb, response) => {
      if (verb === "watch") response.end();
      return verb === "watch";
    };
    await cluster.started();
    const watches = () => cluster.server.requests.filter(({ verb }) => verb === "watch").map(({ at }) => at);
    await until(() => expect(watches().length).toBeGreaterThan(8));
    // 10 ms at first, 100 ms at most, half of it by chance: from the fifth on at least 40.
    const gaps = watches().map((at, index, all) => at - (all[index - 1] ?? at));
    for (const gap of gaps.slice(5, 8)) expect(gap).toBeGreaterThan(39);
  });

  it("on a connection that has died without a word is begun anew", async () => {
    const source = await cluster.started({ silenceMs: 100 });
    await until(() => expect(source.report().watchRestarts).toBeGreaterThan(1));
    expect(source.report().failure).toBe("");
    expect(lists()).toBe(1);
  });

  it.each([
    ["no JSON", "<html>bad gateway</html>\n"],
    ["a line without end", "x".repeat(3000)],
    ["a null", "null\n"],
    ["a pod that is none", `${JSON.stringify({ type: "ADDED", object: { metadata: { uid: 7 } } })}\n`],
    ["a word that is new", `${JSON.stringify({ type: "EXPLODED", object: podObject() })}\n`],
  ])("with %s in it loses nobody", async (_what, text) => {
    put(2);
    const source = await cluster.started({ lineBytes: 2500 });
    await knows(source, 2);
    await until(() => expect(cluster.server.watching).toBe(1));
    cluster.server.write(text);
    await until(() => expect(source.report().garbage).toBeGreaterThan(0));
    expect(source.report().pods).toBe(2);
    // What comes on the broken watch may be lost; the next list has it.
    put(1);
    await knows(source, 3);
  });
});

describe("an API server", () => {
  it("that is away is asked again, ever more seldom; what is known stays", async () => {
    put(2);
    const source = await cluster.started();
    await knows(source, 2);
    await cluster.server.down();
    await until(() => expect(source.report().failure).toMatch(/KUBERNETES|gave no usable answer: .*ECONNREFUSED/));
    expect(source.report().pods).toBe(2);
    expect(source.notReady()).toEqual([]);
    expect(source.warnings()[0]).toMatch(/What is protected stays so/);
    await cluster.server.up();
    put(1);
    await knows(source, 3);
    expect(source.report().failure).toBe("");
  });

  it("is asked with the token that is in the file now", async () => {
    const source = await cluster.started();
    await until(() => expect(cluster.server.watching).toBe(1));
    cluster.server.tokens.delete("token-1");
    cluster.server.endWatches("end");
    await until(() => expect(source.report().failure).toMatch(/does not accept the token: Unauthorized/));
    // As the kubelet does it: a new file in place of the old one.
    cluster.server.tokens.add("token-2");
    const { tokenFile } = cluster.server.files;
    writeFileSync(`${tokenFile}.new`, "token-2\n");
    renameSync(`${tokenFile}.new`, tokenFile);
    put(1);
    await knows(source, 1);
    expect(cluster.lines.join(), "no token in the log").not.toMatch(/token-[12]/);
  });

  it.each(["list", "watch"] as const)("that lets nobody %s pods: the rule that is missing is named", async (verb) => {
    cluster.server.verbs.delete(verb);
    const source = await cluster.started();
    await until(() =>
      expect(source.report().failure).toContain(
        `does not let system:serviceaccount:cloudtaser-system:cloudtaser ${verb} pods`,
      ),
    );
    expect(source.warnings()[0]).toContain(`resources: ["pods"], verbs: ["list", "watch"] (what is missing: ${verb})`);
  });

  it("that wants to be left alone is", async () => {
    cluster.server.fault = (_verb, response) => {
      response.setHeader("retry-after", "40");
      status(response, 429, "TooManyRequests", "too many requests, please try again later");
      return true;
    };
    const source = await cluster.started();
    await until(() => expect(source.report().failure).toMatch(/it answered 429: too many requests/));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(cluster.server.requests).toHaveLength(1);
  });

  it.each([
    ["never answers", () => true],
    [
      "drips",
      (_verb: string, response: import("node:http").ServerResponse) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(" "), 20);
        response.once("close", () => clearInterval(timer));
        return true;
      },
    ],
    [
      "never ends",
      (_verb: string, response: import("node:http").ServerResponse) => {
        response.writeHead(200);
        const more = (): void => {
          while (response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        more();
        return true;
      },
    ],
    [
      "sends elsewhere",
      (_verb: string, response: import("node:http").ServerResponse) => {
        response.writeHead(302, { location: "https://192.0.2.1/" });
        response.end();
        return true;
      },
    ],
    [
      "sends a page",
      (_verb: string, response: import("node:http").ServerResponse) => {
        response.end("<html>It works!</html>");
        return true;
      },
    ],
  ])("that %s holds nothing up", async (_what, fault) => {
    cluster.server.fault = fault;
    const source = await cluster.started({ answerMs: 200, listBytes: 1_000_000 });
    await until(() => expect(source.report().failure).toMatch(/gave no usable answer/));
    expect(source.notReady()[0]).toMatch(/^pods of this node: the API server .* gave no usable answer/);
    cluster.server.fault = undefined;
    put(1);
    await knows(source, 1);
  });

  it("of another authority is not believed", async () => {
    const other = new Cluster();
    await other.up();
    const source = await cluster.started({}, { caFile: other.server.files.caFile });
    await until(() => expect(source.report().failure).toMatch(/self-signed|unable to verify|certificate/));
    expect(cluster.server.requests).toHaveLength(0);
    await other.end();
  });

  it("whose files are missing is not asked, and which file is told", async () => {
    const source = await cluster.started({}, { tokenFile: "/nonexistent/token" });
    await until(() => expect(source.report().failure).toMatch(/kubernetes\.tokenFile cannot be read: ENOENT/));
    expect(cluster.server.requests).toHaveLength(0);
  });

  it("stops being asked at the stop, also amid a request", async () => {
    cluster.server.fault = () => true;
    const source = await cluster.started();
    await until(() => expect(cluster.server.requests.length).toBe(1));
    const began = performance.now();
    await source.stop();
    expect(performance.now() - began, "an answer would be waited for thirty seconds").toBeLessThan(15_000);
  });
});

describe("the endpoint", () => {
  const files = { tokenFile: "/t", caFile: "/c" };
  it.each([
    [{ KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" }, "https://10.96.0.1"],
    [{ KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" }, "https://[fd00::1]:6443"],
    [{ KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT_HTTPS: "6443" }, "https://10.96.0.1:6443"],
  ])("of %o is %s", (env, url) => expect(endpointOf(files, env).url).toBe(url));

  it("is an error with a way out where there is none", () => {
    const thrown = vi.fn(() => endpointOf(files, {}));
    expect(thrown).toThrow(CloudtaserError);
    expect(thrown).toThrow(/kubernetes\.apiServer is not set and this is no pod/);
  });
});
