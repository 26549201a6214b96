// SPDX-License-Identifier: Apache-2.0
// The listener that anybody may reach: what it tells, and who can shut whom out.
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closeHealthServer, startHealthServer } from "../../src/agent/http.js";
import { publicStatus } from "../../src/agent/reports.js";
import type { StatusReport } from "../../src/control/protocol.js";
import type { Metrics } from "../../src/metrics/index.js";
import { until } from "./kubernetes-support.js";

let server: Awaited<ReturnType<typeof startHealthServer>>;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeHealthServer(server);
});

let rendered: (string | undefined)[] = [];
const metrics: Pick<Metrics, "render"> = {
  async render(accept) {
    rendered.push(accept);
    return { contentType: accept ?? "text/plain", text: "" };
  },
};

async function listening(status: () => unknown = () => ({})): Promise<number> {
  server = await startHealthServer("127.0.0.1:0", { metrics, notReady: () => [], status });
  const address = server?.address();
  if (address === null || address === undefined || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Says nothing. */
async function idle(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  sockets.push(socket);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

const alive = async (port: number): Promise<number> =>
  (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(10_000) })).status;

describe("whoever opens connections and says nothing", () => {
  it("loses his own, and nobody else is kept out", async () => {
    const port = await listening();
    const mine: Socket[] = [];
    for (let i = 0; i < 20; i++) mine.push(await idle(port, "127.0.0.2"));
    await until(() => expect(mine.filter(({ closed }) => !closed)).toHaveLength(8));
    expect(await alive(port)).toBe(200);
  });

  it("from many addresses neither, whoever has most loses first", async () => {
    const port = await listening();
    const single = await idle(port, "127.0.0.99");
    const many: Socket[] = [];
    for (let i = 0; i < 80; i++) many.push(await idle(port, `127.0.1.${i % 10}`));
    await until(() => expect(many.filter(({ closed }) => !closed)).toHaveLength(63));
    expect(await alive(port)).toBe(200);
    expect(single.closed).toBe(false);
  });
});

it("a connection that the kernel could not hand over ends nobody", async () => {
  const port = await listening();
  for (let i = 0; i < 3; i++) server?.emit("error", new Error("accept EMFILE"));
  expect(await alive(port)).toBe(200);
});

describe("/metrics", () => {
  it("is made once for all who ask within a second in one format", async () => {
    rendered = [];
    const port = await listening();
    const ask = (accept: string) => fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });
    const open = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    for (let i = 0; i < 4; i++) {
      expect((await ask("text/plain")).headers.get("content-type")).toBe("text/plain");
      expect((await ask(open)).headers.get("content-type")).toBe("application/openmetrics-text");
    }
    expect(rendered.length).toBeLessThan(8);
  });

  it.each([
    "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /metrics HTTP/1.1\r\n\r\n",
  ])("is answered once for thousands of requests in one piece: %j", async (request) => {
    rendered = [];
    const port = await listening();
    const socket = await idle(port, "127.0.0.1");
    let text = "";
    socket.on("data", (bytes) => (text += bytes.toString()));
    socket.write(request.repeat(1500));
    await new Promise((resolve) => socket.once("close", resolve));
    expect(text.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(rendered.length).toBeLessThanOrEqual(1);
  });
});

describe("/status", () => {
  it("is made once for all who ask within a second", async () => {
    let made = 0;
    const port = await listening(() => ({ made: ++made }));
    for (let i = 0; i < 5; i++) {
      const response = await fetch(`http://127.0.0.1:${port}/status`);
      expect(await response.json()).toHaveProperty("made");
    }
    expect(made).toBeLessThan(5);
  });

  it("names nobody who is protected, nor where anything goes", () => {
    const secret = "payments";
    const report = {
      version: "1",
      node: "n",
      ready: true,
      config: { file: secret, loadedAt: "2026", lastError: secret },
      notReady: [secret],
      doors: [{ reason: secret }],
      workloads: [{ name: secret }],
      processes: [{ workload: secret }],
      cgroups: [{ workload: secret }],
      secrets: { unsupported: "", workloads: [{ workload: secret, count: 1 }] },
      sinks: [{ name: secret }],
      events: { published: 1, lastSeq: 1 },
      warnings: [secret],
    } as unknown as StatusReport;
    const told = JSON.stringify(publicStatus(report));
    expect(told).not.toContain(secret);
    expect(JSON.parse(told)).toMatchObject({ version: "1", ready: true, doors: 1, events: { published: 1 } });
  });
});
