// SPDX-License-Identifier: Apache-2.0
// The control server over a real socket: who may ask, what is taken, what becomes of a dead agent's socket.

import { chmodSync, existsSync, linkSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  ControlClient,
  type ControlHandlers,
  type ControlServer,
  type Peer,
  type StatusReport,
  startControlServer,
} from "../../src/control/index.js";
import { CloudtaserError } from "../../src/errors/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-control-"));
afterAll(() => rmSync(directory, { recursive: true }));

const open: ControlServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

let number = 0;
const freshPath = (): string => join(directory, `s${++number}`, "control.sock");
const quiet = { info: () => {}, warn: () => {} };
const root: Peer = { pid: 4242, uid: 0, gid: 0 };
/** No user of this id runs the tests. */
const stranger: Peer = { pid: 0, uid: 65_533, gid: 65_533 };
const status = { version: "1.2.3", ready: true } as StatusReport;

function handlers(over: Partial<ControlHandlers> = {}): ControlHandlers {
  const report = { workload: "w", processes: [], warnings: [] };
  return {
    status: () => status,
    vectors: () => [],
    protect: async () => report,
    unprotect: async () => report,
    container: async () => ({ protected: false, workload: null, warnings: [] }),
    reload: async () => ({ loadedAt: "now", needsRestart: [] }),
    selftest: () => ({ noted: true }),
    secrets: () => ({ unsupported: "", secrets: [] }),
    addSecret: () => {
      throw new Error("not asked for here");
    },
    removeSecret: () => ({ removed: [] }),
    subscribe: () => () => {},
    ...over,
  };
}

async function start(
  over: Partial<ControlHandlers> = {},
  { peer = root, ...more }: { peer?: Peer; group?: string; silenceMs?: number } = {},
) {
  const socket = freshPath();
  const native = { peerCredentials: () => peer };
  const server = await startControlServer({ socket, ...more, native, handlers: handlers(over), log: quiet });
  open.push(server);
  return { socket, server, client: new ControlClient({ socket }) };
}

interface Answer {
  status: number;
  body: { error?: { code: string; message: string; help: string; target: string } };
}

function send(socket: string, method: string, path: string, body?: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, method, path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text ? JSON.parse(text) : {} }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const caught = (promise: Promise<unknown>): Promise<CloudtaserError> =>
  promise.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error: unknown) => {
      if (error instanceof CloudtaserError) return error;
      throw error;
    },
  );

describe("startControlServer: the socket", () => {
  it("makes the directory, keeps the socket to its owner, and removes it at the end", async () => {
    const { socket, server } = await start();
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(socket, "..")).mode & 0o777).toBe(0o755);
    await Promise.all([server.close(), server.close()]);
    expect(existsSync(socket)).toBe(false);
  });

  it("opens it to a group, and only to one that exists", async () => {
    const { socket } = await start({}, { group: "root" });
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect((await caught(start({}, { group: "no-such-group" }))).code).toBe("GROUP_UNKNOWN");
  });

  it("takes the place of a socket that nobody listens on", async () => {
    const { socket, server } = await start();
    // A link keeps the file when the server that made it removes its own name.
    const stale = join(directory, "stale.sock");
    linkSync(socket, stale);
    await server.close();
    expect(statSync(stale).isSocket()).toBe(true);
    const native = { peerCredentials: () => root };
    open.push(await startControlServer({ socket: stale, native, handlers: handlers(), log: quiet }));
    expect(await new ControlClient({ socket: stale }).status()).toEqual(status);
  });

  it("leaves a live one alone and names who holds it", async () => {
    const { socket, client } = await start();
    const native = { peerCredentials: () => root };
    const error = await caught(startControlServer({ socket, native, handlers: handlers(), log: quiet }));
    expect(error.code).toBe("AGENT_RUNNING");
    expect(error.message).toContain("pid 4242");
    expect(await client.status()).toEqual(status);
  });

  it("does not remove what is no socket", async () => {
    const file = join(directory, "precious");
    writeFileSync(file, "data");
    const link = join(directory, "link");
    symlinkSync(file, link);
    const native = { peerCredentials: () => root };
    for (const socket of [file, link, join(directory, "x".repeat(120))]) {
      const error = await caught(startControlServer({ socket, native, handlers: handlers(), log: quiet }));
      expect(error.code).toBe("SOCKET_TAKEN");
    }
    expect(existsSync(file)).toBe(true);
  });
});

describe("startControlServer: who may", () => {
  it("refuses a stranger everything, even with the socket open to all", async () => {
    let called = 0;
    const counted = () => {
      called++;
      return status;
    };
    const { socket, client } = await start({ status: counted }, { peer: stranger });
    chmodSync(socket, 0o666);
    const { status: code, body } = await send(socket, "GET", "/v1/status");
    expect([code, body.error?.code]).toEqual([403, "CONTROL_FORBIDDEN"]);
    expect((await send(socket, "GET", "/nowhere")).status).toBe(403);
    expect((await caught(client.status())).exitCode).toBe(4);
    expect((await caught(client.events().next())).code).toBe("CONTROL_FORBIDDEN");
    expect(called).toBe(0);
  });

  it("lets in the agent's own user, and members of the group by main and by further group", async () => {
    const own = { pid: 0, uid: process.geteuid?.() ?? 0, gid: 65_533 };
    expect(await (await start({}, { peer: own })).client.status()).toEqual(status);
    const byMain = { ...stranger, gid: 0 };
    expect(await (await start({}, { peer: byMain, group: "root" })).client.status()).toEqual(status);
    expect((await caught((await start({}, { peer: byMain })).client.status())).code).toBe("CONTROL_FORBIDDEN");
  });

  it("refuses when the kernel does not say who it is", async () => {
    const socket = freshPath();
    const native = {
      peerCredentials: () => {
        throw new Error("EBADF");
      },
    };
    open.push(await startControlServer({ socket, native, handlers: handlers(), log: quiet }));
    expect((await send(socket, "GET", "/v1/status")).status).toBe(403);
  });
});

describe("startControlServer: what it takes", () => {
  it.each([
    ["no JSON", "{pid", "not JSON"],
    ["an unknown key", '{"pid":1,"colour":"red"}', "colour"],
    ["two targets", '{"pid":1,"unit":"x.service"}', "exactly one"],
    ["no target", "{}", "exactly one"],
    ["nothing", "", ""],
    ["self that is not true", '{"self":false}', "self"],
    ["a pid that is none", '{"pid":0}', "pid"],
    ["a pid with a fraction", '{"pid":1.5}', "pid"],
    ["a pid as text", '{"pid":"1"}', "pid"],
    ["a relative control group", '{"cgroup":"x"}', "absolute"],
    ["a hostile workload name", '{"pid":1,"name":"../x"}', "name"],
    ["too much", `{"unit":"${"x".repeat(70_000)}"}`, "longer than"],
  ])("refuses %s", async (_, body, reason) => {
    let called = 0;
    const counted = async () => {
      called++;
      return { workload: "", processes: [], warnings: [] };
    };
    const { socket } = await start({ protect: counted });
    const answer = await send(socket, "POST", "/v1/protect", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.code).toBe("CONTROL_BAD_REQUEST");
    expect(answer.body.error?.message).toContain(reason);
    expect(answer.body.error?.help).not.toBe("");
    expect(called).toBe(0);
  });

  it("refuses unknown paths, wrong methods, unknown queries and large heads", async () => {
    const { socket } = await start();
    expect((await send(socket, "GET", "/v2/status")).status).toBe(404);
    expect((await send(socket, "POST", "/v1/status")).status).toBe(405);
    expect((await send(socket, "GET", "/v1/status?x=1")).status).toBe(400);
    expect((await send(socket, "GET", "/v1/events?backlog=-1")).status).toBe(400);
    expect((await send(socket, "GET", "/v1/events?backlog=10001")).status).toBe(400);
    expect((await send(socket, "GET", "/v1/status", undefined, { x: "y".repeat(9000) })).status).toBe(431);
  });

  it("hands on the request with the peer, and the handler's error with its code and status", async () => {
    const seen: unknown[] = [];
    const { client } = await start({
      protect: async (body, peer) => {
        seen.push(body, peer);
        return { workload: "w", processes: [], warnings: ["careful"] };
      },
      unprotect: async ({ workload }) => {
        throw new CloudtaserError("WORKLOAD_UNKNOWN", { target: workload ?? "" });
      },
      reload: async () => {
        throw new Error("odd \u001b[31m");
      },
    });
    expect((await client.protect({ self: true, name: "pay" })).warnings).toEqual(["careful"]);
    expect(seen).toEqual([{ self: true, name: "pay" }, root]);
    const unknown = await caught(client.unprotect({ workload: "none" }));
    expect([unknown.code, unknown.exitCode, unknown.target]).toEqual(["WORKLOAD_UNKNOWN", 2, "none"]);
    expect(unknown.message).toBe("no protected workload named none");
    const odd = await caught(client.reload());
    expect(odd.code).toBe("INTERNAL");
    expect(odd.message).toContain("odd \\x1b[31m");
  });

  it("holds no more than 32 connections, and works on when they are gone", async () => {
    const { socket, client } = await start();
    const sockets: Socket[] = await Promise.all(
      Array.from(
        { length: 32 },
        () =>
          new Promise<Socket>((resolve) => {
            const one: Socket = connect(socket, () => resolve(one));
            one.on("error", () => {});
          }),
      ),
    );
    expect((await caught(client.status())).code).toBe("AGENT_UNREACHABLE");
    await Promise.all(sockets.map((one) => new Promise((resolve) => one.once("close", resolve).destroy())));
    await expect.poll(() => client.status().catch(() => undefined)).toEqual(status);
  });
});

describe("ControlClient", () => {
  it("says that there is no agent, for a path that is missing and for one that is dead", async () => {
    const error = await caught(new ControlClient({ socket: join(directory, "none") }).status());
    expect([error.code, error.exitCode]).toEqual(["AGENT_NOT_RUNNING", 1]);
    expect(error.help).toContain("cloudtaser agent");
    expect((await caught(new ControlClient({ socket: join(directory, "none") }).events().next())).code).toBe(
      "AGENT_NOT_RUNNING",
    );
  });

  it("says so when what answers is no agent", async () => {
    const socket = join(directory, "other.sock");
    const other = createServer((connection) => connection.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{]"));
    await new Promise<void>((resolve) => other.listen(socket, resolve));
    expect((await caught(new ControlClient({ socket }).status())).code).toBe("AGENT_UNREACHABLE");
    other.close();
  });
});

it("answers a request whose work takes longer than who is silent is waited for", async () => {
  const report = { workload: "slow", processes: [], warnings: [] };
  const protect = () => new Promise<typeof report>((resolve) => setTimeout(() => resolve(report), 700));
  const { socket, client } = await start({ protect }, { silenceMs: 100 });
  expect(await client.protect({ pid: 1 })).toEqual(report);
  const idle = connect(socket);
  await new Promise((resolve) => idle.once("close", resolve).resume());
});
