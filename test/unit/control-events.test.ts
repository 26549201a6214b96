// SPDX-License-Identifier: Apache-2.0
// The stream of events: backlog, following, heartbeat, slow and vanished readers.

import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  ControlClient,
  type ControlHandlers,
  type ControlServer,
  startControlServer,
} from "../../src/control/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-events-"));
afterAll(() => rmSync(directory, { recursive: true }));

const open: ControlServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** An agent's stream: kept lines, and live ones that the test sends. */
function source(kept: readonly string[] = []) {
  const readers = new Set<(line: string) => void>();
  const subscribe = (count: number, onLine: (line: string) => void): (() => void) => {
    for (const line of count > 0 ? kept.slice(-count) : []) onLine(line);
    readers.add(onLine);
    return () => readers.delete(onLine);
  };
  const send = (line: string): void => {
    for (const reader of readers) reader(line);
  };
  return { readers, subscribe, send };
}

let number = 0;

async function start(subscribe: ControlHandlers["subscribe"], heartbeatMs = 60_000) {
  const socket = join(directory, `s${++number}.sock`);
  const warnings: string[] = [];
  const report = { workload: "", processes: [], warnings: [] };
  const handlers: ControlHandlers = {
    status: () => {
      throw new Error("not asked for here");
    },
    vectors: () => [],
    protect: async () => report,
    unprotect: async () => report,
    container: async () => ({ protected: false, workload: null, warnings: [] }),
    reload: async () => ({ loadedAt: "", needsRestart: [] }),
    selftest: () => ({ noted: true }),
    secrets: () => ({ unsupported: "", secrets: [] }),
    addSecret: () => {
      throw new Error("not asked for here");
    },
    removeSecret: () => ({ removed: [] }),
    subscribe,
  };
  const log = { info: () => {}, warn: (text: string) => void warnings.push(text) };
  const native = { peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }) };
  const server = await startControlServer({ socket, native, handlers, log, heartbeatMs });
  open.push(server);
  return { server, socket, warnings, client: new ControlClient({ socket }) };
}

async function take(stream: AsyncIterable<string>, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of stream) {
    lines.push(line);
    if (lines.length === most) break;
  }
  return lines;
}

describe("events", () => {
  it("gives the backlog that was asked for and ends without following", async () => {
    const { subscribe, readers } = source(["a", "b", "ü"]);
    const { client } = await start(subscribe);
    expect(await take(client.events({ backlog: 2, follow: false }))).toEqual(["b", "ü"]);
    expect(await take(client.events({ follow: false }))).toEqual([]);
    expect(readers.size).toBe(0);
  });

  it("follows, and lets go of the source when the reader leaves", async () => {
    const { subscribe, readers, send } = source(["old"]);
    const { client } = await start(subscribe);
    const stream = client.events({ backlog: 1 });
    expect((await stream.next()).value).toBe("old");
    send("new");
    expect((await stream.next()).value).toBe("new");
    await stream.return();
    await expect.poll(() => readers.size).toBe(0);
  });

  it("ends at a signal, and fails when the agent goes away", async () => {
    const { subscribe, readers } = source(["x"]);
    const { client, server } = await start(subscribe);
    const stop = new AbortController();
    const stopped = take(client.events({ signal: stop.signal }));
    await expect.poll(() => readers.size).toBe(1);
    stop.abort();
    expect(await stopped).toEqual([]);
    const left = take(client.events({ backlog: 1 })).catch((error: { code: string }) => error.code);
    await expect.poll(() => readers.size).toBe(1);
    await server.close();
    expect(await left).toBe("AGENT_UNREACHABLE");
  });

  it("sends empty lines while nothing happens, which the client keeps to itself", async () => {
    const { subscribe, send } = source();
    const { socket, client } = await start(subscribe, 20);
    const raw = connect(socket);
    raw.write("GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n");
    let text = "";
    raw.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await expect.poll(() => text.split("\r\n1\r\n\n").length).toBeGreaterThan(3);
    raw.destroy();
    const stream = client.events();
    const next = stream.next();
    setTimeout(() => send("event"), 100);
    expect((await next).value).toBe("event");
    await stream.return();
  });

  it("cuts off a reader that does not read, tells it, and serves the others", async () => {
    const { subscribe, readers, send } = source();
    const { socket, client, warnings } = await start(subscribe);
    const slow = connect(socket);
    slow.write("GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n");
    slow.pause();
    await expect.poll(() => readers.size).toBe(1);
    const line = "x".repeat(64 * 1024);
    let sent = 0;
    for (; readers.size > 0 && sent < 200; sent++) {
      send(line);
      await new Promise(setImmediate);
    }
    expect(readers.size).toBe(0);
    // More than the buffer, and not without end.
    expect(sent).toBeGreaterThan(16);
    expect(sent).toBeLessThan(60);
    expect(warnings).toHaveLength(1);
    const other = client.events();
    const next = other.next();
    await expect.poll(() => readers.size).toBe(1);
    send("still here");
    expect((await next).value).toBe("still here");
    await other.return();
    let tail = "";
    slow.setEncoding("utf8").on("data", (chunk) => (tail = (tail + chunk).slice(-2000)));
    slow.resume();
    await expect.poll(() => tail).toContain("the reader is too slow");
    slow.destroy();
  });

  it("takes the farewell line for what it is", async () => {
    const line = JSON.stringify({ error: { code: "AGENT_UNREACHABLE", message: "too slow", target: "t", help: "h" } });
    const { client } = await start(source([line]).subscribe);
    await expect(take(client.events({ backlog: 1 }))).rejects.toMatchObject({
      code: "AGENT_UNREACHABLE",
      message: "too slow",
    });
  });

  it("does not take a large backlog for slowness", async () => {
    const kept = Array.from({ length: 300 }, (_, index) => `${index}${"x".repeat(10_000)}`);
    const { client, warnings } = await start(source(kept).subscribe);
    expect(await take(client.events({ backlog: 300, follow: false }))).toHaveLength(300);
    expect(warnings).toEqual([]);
  });
});
