// SPDX-License-Identifier: Apache-2.0
// The control socket's path after somebody was at it: the agent takes it back and says what was there, and commands do not
// believe another user's process that answers there.

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { SocketWatch } from "../../src/agent/socket-watch.js";
import { ControlClient, type ControlServer, type Replaced, startControlServer } from "../../src/control/index.js";
import type { StatusReport } from "../../src/control/protocol.js";
import { loadNative } from "../../src/kernel/load-native.js";
import type { Notice } from "../../src/pipeline/index.js";
import { cli, fakeAgent, fakeHandlers } from "./cli-support.js";

const native = loadNative();
const scratch = mkdtempSync(join(tmpdir(), "ct-place-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

let number = 0;

async function start(over: { group?: string } = {}) {
  const socket = join(scratch, `s${++number}`, "control.sock");
  const status = { version: "own" } as StatusReport;
  const handlers = fakeHandlers({ status: () => status });
  const log = { info: () => {}, warn: () => {} };
  const server = await startControlServer({ socket, native, handlers, log, ...over });
  open.push(server);
  const client = new ControlClient({ socket, native: async () => native });
  return { socket, server, ask: async () => (await client.status()).version };
}

/** Somebody else's server at a path: a process of its own, since the kernel says whose it is. */
async function stranger(path: string, uid = 0): Promise<number> {
  const script = `import os, socket
s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(path)})
os.chmod(${JSON.stringify(path)}, 0o666)
os.setresuid(${uid}, ${uid}, ${uid})
s.listen(8); print("up", flush=True)
while True:
    c, _ = s.accept(); got = c.recv(65536); print("got", len(got), flush=True)
    if got: c.send(b'HTTP/1.1 200 OK\\r\\ncontent-length: 20\\r\\n\\r\\n{"version":"theirs"}')
    c.close()`;
  const child = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  open.push({ close: () => child.kill("SIGKILL") });
  heard.set(path, "");
  child.stdout.on("data", (text: Buffer) => heard.set(path, heard.get(path) + text.toString()));
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

/** What strangers said that they got, by path. */
const heard = new Map<string, string>();

async function seen(server: ControlServer): Promise<Replaced> {
  const found = await server.look();
  if (found === undefined) throw new Error("the path was taken for the agent's own");
  return found;
}

describe("the agent's look at its path", () => {
  it("finds its own socket, also once somebody has changed its mode or linked it", async () => {
    const { socket, server, ask } = await start();
    expect(await server.look()).toBeUndefined();
    chmodSync(socket, 0o660);
    linkSync(socket, `${socket}.too`);
    const { ino } = statSync(socket);
    expect(await server.look()).toBeUndefined();
    expect(statSync(socket)).toMatchObject({ ino });
    expect(await ask()).toBe("own");
  });

  it("leaves nothing but the socket in its directory, and takes nothing of others with it at its end", async () => {
    const { socket, server } = await start();
    unlinkSync(socket);
    await stranger(socket);
    await server.close();
    expect(lstatSync(socket).isSocket()).toBe(true);
    const other = await start();
    await other.server.look();
    expect(existsSync(other.socket)).toBe(true);
    await other.server.close();
    expect(existsSync(other.socket)).toBe(false);
  });

  it("makes it again, by its mode and group, when it was unlinked or renamed, or its directory was", async () => {
    const { socket, server, ask } = await start({ group: "root" });
    const lose = [
      () => unlinkSync(socket),
      () => renameSync(socket, `${socket}.away`),
      () => renameSync(dirname(socket), `${dirname(socket)}.away`),
      () => rmSync(dirname(socket), { recursive: true }),
    ];
    for (const act of lose) {
      act();
      expect(await seen(server)).toEqual({ found: "nothing", peer: undefined, movedTo: undefined, problem: "" });
      expect(await ask()).toBe("own");
      expect(lstatSync(socket).mode & 0o777).toBe(0o660);
      expect(await server.look()).toBeUndefined();
    }
  });

  it("moves another's live socket aside, names who listens there, and answers again", async () => {
    const { socket, server, ask } = await start();
    unlinkSync(socket);
    const pid = await stranger(socket);
    expect(await ask(), "root is believed").toBe("theirs");
    expect(await seen(server)).toMatchObject({
      found: "a socket of another process",
      peer: { pid, uid: 0 },
      movedTo: `${socket}.replaced`,
      problem: "",
    });
    expect(await ask()).toBe("own");
    expect(await new ControlClient({ socket: `${socket}.replaced` }).status(), "it lives on").toMatchObject({
      version: "theirs",
    });
  });

  it("moves whatever else is there aside, and removes none of it", async () => {
    const { socket, server, ask } = await start();
    renameSync(socket, `${socket}.own`);
    writeFileSync(socket, "data");
    expect(await seen(server)).toMatchObject({ found: "no socket", movedTo: `${socket}.replaced`, problem: "" });
    expect(readFileSync(`${socket}.replaced`, "utf8")).toBe("data");
    expect(await ask()).toBe("own");
    renameSync(socket, `${socket}.own`);
    symlinkSync(`${socket}.own`, socket);
    expect(await seen(server)).toMatchObject({ found: "no socket", problem: "" });
    // What was moved before stays: this one has letters behind the name.
    const [second = ""] = readdirSync(dirname(socket)).filter((name) => /\.replaced-[0-9a-f]{8}$/.test(name));
    expect(lstatSync(join(dirname(socket), second)).isSymbolicLink()).toBe(true);
    expect(readFileSync(`${socket}.replaced`, "utf8")).toBe("data");
    const dead = createServer().listen(`${socket}.dead`);
    await once(dead, "listening");
    linkSync(`${socket}.dead`, `${socket}.kept`);
    await new Promise((resolve) => dead.close(resolve));
    renameSync(`${socket}.kept`, socket);
    expect(await seen(server)).toMatchObject({ found: "a socket that nobody listens at", problem: "" });
    expect(await ask()).toBe("own");
  });

  it("says why it cannot be reached, and is as soon as it can", async () => {
    const { socket, server, ask } = await start();
    rmSync(dirname(socket), { recursive: true });
    writeFileSync(dirname(socket), "in the way");
    expect((await seen(server)).problem).toMatch(/EEXIST|ENOTDIR/);
    await expect(ask()).rejects.toMatchObject({ code: "AGENT_NOT_RUNNING" });
    expect((await seen(server)).problem).not.toBe("");
    unlinkSync(dirname(socket));
    expect((await seen(server)).problem).toBe("");
    expect(await ask()).toBe("own");
    // A directory that is not empty, at the name to which things are moved, is in nobody's way.
    mkdirSync(join(`${socket}.replaced`, "full"), { recursive: true });
    renameSync(socket, `${socket}.own`);
    mkdirSync(socket);
    expect((await seen(server)).problem).toBe("");
    expect(existsSync(join(`${socket}.replaced`, "full"))).toBe(true);
    expect(await ask()).toBe("own");
  });

  it("ends with all its connections after it has moved", async () => {
    const { socket, server } = await start();
    const before = connect(socket);
    await once(before, "connect");
    before.resume();
    unlinkSync(socket);
    await seen(server);
    const after = connect(socket);
    await once(after, "connect");
    after.resume();
    const ended = Promise.all([once(before, "close"), once(after, "close")]);
    await server.close();
    await ended;
    expect(existsSync(socket)).toBe(false);
    expect(await server.look(), "an agent that has ended takes no place").toBeUndefined();
    expect(existsSync(socket)).toBe(false);
  });
});

describe("what is told of it", () => {
  const found: Replaced = { found: "nothing", peer: undefined, movedTo: undefined, problem: "" };

  async function tellAll(found: readonly (Replaced | undefined)[]): Promise<Notice[]> {
    const told: Notice[] = [];
    const queue = [...found];
    const control = { look: async () => queue.shift() };
    const log = { error: () => {} };
    const watch = new SocketWatch(control, { announce: (notice) => void told.push(notice) }, log);
    for (const _ of found) await watch.look();
    return told;
  }

  it("is each time that it was taken back, and once where it cannot be", async () => {
    expect(await tellAll([undefined, found, undefined, found, found])).toHaveLength(3);
    const away = { ...found, problem: "EBUSY" };
    const told = await tellAll([away, away, away, { ...away, problem: "ENOSPC" }, found]);
    expect(told.map(({ detail }) => detail?.["reason"])).toEqual(["EBUSY", "ENOSPC", undefined]);
  });

  it("is who listened there and where that is now", async () => {
    const peer = { pid: 77, uid: 5, gid: 5 };
    const movedTo = `/run/${"x".repeat(300)}`;
    const [notice] = await tellAll([{ found: "a socket of another process", peer, movedTo, problem: "" }]);
    expect(notice).toEqual({
      type: "CONTROL_SOCKET_REPLACED",
      detail: {
        found: "a socket of another process",
        ...{ pid: 77, uid: 5, movedTo: movedTo.slice(0, 200), served: "yes" },
      },
    });
  });

  it("survives a look that fails", async () => {
    const said: string[] = [];
    const control = { look: () => Promise.reject(new Error("odd")) };
    const watch = new SocketWatch(control, { announce: () => {} }, { error: (text) => void said.push(text) });
    await watch.look();
    await watch.look();
    expect(said).toHaveLength(2);
  });
});

describe("commands", () => {
  const nobody = 65_534;
  const env = (socket: string) => ({ PATH: "/usr/bin:/bin", CLOUDTASER_SOCKET: socket });

  it("do not believe another user's process, and send it nothing", async () => {
    const socket = join(scratch, "stranger.sock");
    const pid = await stranger(socket, nobody);
    const believed = new ControlClient({ socket });
    expect(await believed.status(), "without a look at who it is").toMatchObject({ version: "theirs" });
    await expect.poll(() => heard.get(socket)).toMatch(/got [1-9]/);
    heard.set(socket, "");
    for (const argv of [["status"], ["protect", "1"], ["events"], ["reload"]]) {
      const { code, out, err } = await cli(argv, { env: env(socket), native: async () => native });
      expect({ argv, code, out }).toMatchObject({ code: 4, out: "" });
      expect(err).toContain(`user ${nobody} (process ${pid})`);
    }
    await expect.poll(() => heard.get(socket), { message: "it was connected to" }).toMatch(/(got 0\n){4}/);
    expect(heard.get(socket)).not.toMatch(/got [1-9]/);
  });

  it("do not believe whom the kernel does not name", async () => {
    const socket = await fakeAgent();
    const mute = {
      peerCredentials: () => {
        throw new Error("EBADF");
      },
    };
    const client = new ControlClient({ socket, native: async () => mute });
    await expect(client.status()).rejects.toMatchObject({ code: "AGENT_STRANGER" });
  });
});
