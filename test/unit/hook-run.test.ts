// SPDX-License-Identifier: Apache-2.0
// Whether a container starts: who asks for protection only once the agent says so, everybody else as before, and what is
// said when something fails.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { hookOptions, type RawHookOptions } from "../../src/cli/hook-options.js";
import { runHook } from "../../src/cli/hook-run.js";
import { ControlClient } from "../../src/control/client.js";
import type { ContainerReport, ContainerRequest } from "../../src/control/protocol.js";
import { CloudtaserError } from "../../src/errors/index.js";
import { cli, fakeAgent, freshSocket } from "./cli-support.js";

const proc = mkdtempSync(join(tmpdir(), "ct-hook-"));
afterAll(() => rmSync(proc, { recursive: true, force: true }));
const put = (pid: string, file: string, text: string): void => {
  mkdirSync(join(proc, pid), { recursive: true });
  writeFileSync(join(proc, pid, file), text);
};
put("self", "status", "Name:\tnode\nNSpid:\t99\n");
put("7", "stat", `7 (runc:[2:INIT] ) x) S ${"0 ".repeat(18)}4711 0 0\n`);
put("7", "cgroup", "0::/system.slice/x.scope\n");
put(
  "8",
  "cgroup",
  `0::/kubepods.slice/kubepods-pod12345678_77de_4c1a_9a40_5b1f0e9d2c11.slice/cri-containerd-x.scope\n`,
);

const asking = { "cloudtaser.io/ebpf": "true" };
const ofPod = { "io.kubernetes.pod.namespace": "payments", "io.kubernetes.pod.name": "api-0" };
const yes: ContainerReport = { protected: true, workload: "w", warnings: [] };
const no: ContainerReport = { protected: false, workload: null, warnings: [] };
const unguarded = new CloudtaserError("CONTAINER_UNGUARDED", { target: "c1", fields: { reason: "a door is open" } });

interface Ran {
  status: number;
  said: string[];
}

/** @param onTried after each try to ask the agent */
async function hook(
  socket: string,
  state: object | string,
  raw: RawHookOptions = {},
  onTried: () => void = () => {},
): Promise<Ran> {
  const whole = { ociVersion: "1.0.2", id: "c1", pid: 7, status: "creating", bundle: "/b" };
  const text = typeof state === "string" ? state : JSON.stringify({ ...whole, ...state });
  let rest = Buffer.from(text);
  const said: string[] = [];
  const status = await runHook(hookOptions({ socket, ...raw }, {}), {
    read: async (buffer) => {
      const length = rest.copy(buffer);
      rest = rest.subarray(length);
      return length;
    },
    line: (one) => said.push(one),
    client: async (path) => {
      const client = new ControlClient({ socket: path });
      return { container: (...asked) => client.container(...asked).finally(onTried) };
    },
    proc,
  });
  return { status, said };
}

/** An agent that answers so, and what it was asked. */
async function agent(answer: ContainerReport | Error | (() => Promise<ContainerReport>)) {
  const asked: ContainerRequest[] = [];
  const socket = await fakeAgent({
    container: async (request) => {
      asked.push(request);
      if (answer instanceof Error) throw answer;
      return typeof answer === "function" ? answer() : answer;
    },
  });
  return { socket, asked };
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
/** Somebody else listens there. */
async function stranger(says: string | undefined): Promise<string> {
  const socket = freshSocket();
  const server = createServer((connection) => {
    connection.on("error", () => {});
    connection.on("data", () => {
      if (says !== undefined) connection.end(says);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return socket;
}

describe("a container that asks for protection", () => {
  it("starts once the agent has said that it is protected", async () => {
    const { socket, asked } = await agent(yes);
    expect(await hook(socket, { annotations: { ...asking, ...ofPod } })).toEqual({ status: 0, said: [] });
    expect(asked).toEqual([{ id: "c1", pid: 7, startTicks: "4711", wanted: true, label: "payments.api-0" }]);
  });

  it("starts with a line about what the agent found", async () => {
    const { socket } = await agent({ ...yes, warnings: ["process 7 was traced\u001b[2J"] });
    const { status, said } = await hook(socket, { annotations: asking });
    expect(status).toBe(0);
    expect(said).toEqual(["cloudtaser hook: container c1 is protected; process 7 was traced\\x1b[2J"]);
  });

  it.each([
    ["refuses", unguarded, 6, "a door is open"],
    ["says no", no, 6, "did not say"],
  ])("does not start if the agent %s", async (_, answer, status, why) => {
    const { socket } = await agent(answer);
    const ran = await hook(socket, { annotations: asking });
    expect(ran).toMatchObject({
      status,
      said: [expect.stringMatching(/^cloudtaser hook: container c1 is not started: /)],
    });
    expect(ran.said[0]).toContain(why);
    expect(await hook(socket, { annotations: asking }, { onFailure: "allow" })).toMatchObject({
      status: 0,
      said: [expect.stringContaining("starts unprotected (--on-failure allow): ")],
    });
  });

  it("waits for an agent that is being replaced, as long as it may", async () => {
    const socket = freshSocket();
    const ran = await hook(socket, { annotations: asking }, { timeout: "0.5" });
    expect(ran).toMatchObject({ status: 1, said: [expect.stringContaining("no agent answers")] });
    const { socket: late } = await agent(yes);
    let tries = 0;
    const come = (): void => {
      if (++tries === 3) renameSync(late, socket);
    };
    expect(await hook(socket, { annotations: asking }, { timeout: "60" }, come)).toEqual({ status: 0, said: [] });
    expect(tries).toBe(4);
  });

  it("does not start if the agent is too slow", async () => {
    // It never answers: whoever waited for it would not come to an end.
    const { socket } = await agent(() => new Promise(() => {}));
    expect(await hook(socket, { annotations: asking }, { timeout: "0.3" })).toMatchObject({
      status: 1,
      said: [expect.stringMatching(/no answer within 0\.[1-3] s\b/)],
    });
  });

  it.each([
    undefined,
    "",
    "garbage\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n{",
    "HTTP/1.1 200 OK\r\n\r\nnull",
    "HTTP/1.1 500 X\r\n\r\n",
  ])("does not start on the word of a stranger: %j", async (says) => {
    const ran = await hook(await stranger(says), { annotations: asking }, { timeout: "0.4" });
    expect(ran.status).not.toBe(0);
    expect(ran.said).toEqual([expect.stringContaining("is not started")]);
  });

  it("is told with its process's start only if numbers mean the same here", async () => {
    const { socket, asked } = await agent(yes);
    put("self", "status", "Name:\tnode\nNSpid:\t99\t2\n");
    await hook(socket, { pid: 7, annotations: asking });
    put("self", "status", "Name:\tnode\nNSpid:\t99\n");
    await hook(socket, { pid: 0, annotations: asking });
    expect(asked).toEqual([
      { id: "c1", pid: 7, wanted: true },
      { id: "c1", wanted: true },
    ]);
  });
});

describe("a container that does not ask", () => {
  it("starts at once, and the agent is not asked, unless Kubernetes made it", async () => {
    const { socket, asked } = await agent(unguarded);
    expect(await hook(socket, {})).toEqual({ status: 0, said: [] });
    expect(
      await hook(socket, { annotations: { "org.example": "cloudtaser.io/ebpf" } }, { onFailure: "refuse" }),
    ).toEqual({
      status: 0,
      said: [],
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ["by its annotations", { annotations: ofPod }],
    ["by its control group", { pid: 8 }],
  ])("but is one of Kubernetes' %s is told to the agent, which knows its pod", async (_, state) => {
    const { socket, asked } = await agent(no);
    expect(await hook(socket, state)).toEqual({ status: 0, said: [] });
    expect(asked).toMatchObject([{ id: "c1", wanted: false }]);
  });

  it("but whose pod does, as the agent knows, does not start unprotected", async () => {
    const { socket } = await agent(unguarded);
    expect(await hook(socket, { annotations: ofPod })).toMatchObject({
      status: 6,
      said: [expect.stringContaining("container c1 (payments.api-0) is not started")],
    });
  });

  it("starts at once without an agent, with a line", async () => {
    let tries = 0;
    const ran = await hook(freshSocket(), { annotations: ofPod }, {}, () => {
      tries++;
    });
    expect(ran).toMatchObject({
      status: 0,
      said: [expect.stringContaining("starts unprotected (--on-failure annotated)")],
    });
    expect(tries).toBe(1);
  });

  it("does not start without an agent where that is wanted, except in namespaces that are spared", async () => {
    const strict = { onFailure: "refuse", timeout: "0.2", spare: ["kube-system", "cloudtaser-system"] };
    expect((await hook(freshSocket(), { annotations: ofPod }, strict)).status).toBe(1);
    const spared = { annotations: { ...ofPod, "io.kubernetes.pod.namespace": "kube-system" } };
    expect(await hook(freshSocket(), spared, strict)).toMatchObject({ status: 0, said: [expect.any(String)] });
  });

  it("is of no interest when it ends", async () => {
    const { socket, asked } = await agent(unguarded);
    expect(await hook(socket, { status: "stopped", annotations: asking })).toEqual({ status: 0, said: [] });
    expect(asked).toEqual([]);
  });
});

describe("a state of no use", () => {
  it.each([
    ["", {}, 0],
    ["{", {}, 0],
    ["{", { onFailure: "refuse" }, 2],
    ['{"annotations":{"cloudtaser.io/ebpf"', {}, 2],
    ['{"annotations":{"cloudtaser.io/ebpf"', { onFailure: "allow" }, 0],
  ])("%j with %j ends with %i and one line", async (text, raw, status) => {
    const ran = await hook(freshSocket(), text, raw);
    expect(ran).toMatchObject({ status, said: [expect.stringContaining("standard input is no state of a container")] });
  });

  it("that does not come in time counts as asking", async () => {
    const said: string[] = [];
    const status = await runHook(hookOptions({ timeout: "0.2" }, {}), {
      read: () => new Promise(() => {}),
      line: (one) => said.push(one),
      client: async () => Promise.reject(new Error("nobody is to be asked")),
    });
    expect({ status, said }).toEqual({ status: 2, said: [expect.stringContaining("did not come within 0.2 s")] });
  });
});

it("leaves no timer behind, which would keep a command from ending", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  await hook(freshSocket(), {});
  expect(timers()).toBeLessThanOrEqual(before);
});

describe("the command", () => {
  it.each([
    [["--timeout", "soon"], 2, "--timeout must be seconds"],
    [["--on-failure", "maybe"], 2, "--on-failure must be one of annotated, refuse, allow"],
    [["--install", "relative"], 1, "the hook cannot be put into relative"],
  ])("refuses %j", async (argv, code, why) => {
    const ran = await cli(["hook", ...argv]);
    expect(ran).toMatchObject({ code, out: "", err: expect.stringContaining(why) });
  });
});

describe("options", () => {
  it("have defaults, and the socket comes from the environment too", () => {
    const { socket, onFailure, timeoutMs, spare } = hookOptions({}, { CLOUDTASER_SOCKET: "/s" });
    expect({ socket, onFailure, timeoutMs, spare }).toEqual({
      socket: "/s",
      onFailure: "annotated",
      timeoutMs: 10_000,
      spare: ["cloudtaser-system"],
    });
  });

  it.each([
    { onFailure: "maybe" },
    { timeout: "0" },
    { timeout: "-1" },
    { timeout: "301" },
    { timeout: "1e9" },
    { timeout: "" },
  ])("%j are refused", (raw) => {
    expect(() => hookOptions(raw, {})).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
