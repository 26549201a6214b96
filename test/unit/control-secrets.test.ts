// SPDX-License-Identifier: Apache-2.0
// Secrets over the control socket: the value is the body, as it is, and stays nowhere on the way.
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ControlClient } from "../../src/control/client.js";
import { type ControlHandlers, type ControlServer, startControlServer } from "../../src/control/index.js";
import { type AddSecretRequest, maxSecret } from "../../src/control/protocol.js";
import { CloudtaserError } from "../../src/errors/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-control-secrets-"));
afterAll(() => rmSync(directory, { recursive: true }));
const open: ControlServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
let number = 0;

const secret = {
  name: "token",
  workload: "pay",
  allow: [],
  added: "2026-01-01T00:00:00.000Z",
  endsWithWorkload: false,
};

async function start(over: Partial<ControlHandlers> = {}) {
  const socket = join(directory, `s${++number}.sock`);
  const got: { asked: AddSecretRequest; value: string }[] = [];
  const logged: unknown[] = [];
  const unused = () => {
    throw new Error("not asked for here");
  };
  const handlers: ControlHandlers = {
    status: unused,
    vectors: unused,
    protect: unused,
    unprotect: unused,
    container: async () => ({ protected: false, workload: null, warnings: [] }),
    reload: unused,
    selftest: unused,
    subscribe: unused,
    secrets: () => ({ unsupported: "", secrets: [secret] }),
    addSecret: (asked, value) => {
      got.push({ asked, value: value.toString("latin1") });
      value.fill(0);
      return { secret, outcome: "registered", warnings: [] };
    },
    removeSecret: () => ({ removed: [secret] }),
    ...over,
  };
  const log = {
    info: (...all: unknown[]) => void logged.push(all),
    warn: (...all: unknown[]) => void logged.push(all),
  };
  const native = { peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }) };
  open.push(await startControlServer({ socket, native, handlers, log }));
  return { socket, got, logged, client: new ControlClient({ socket }) };
}

function send(socket: string, method: string, path: string, body?: Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, method, path }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const asked: AddSecretRequest = {
  workload: "pay",
  name: "DB_PASSWORD",
  allow: ["10.0.0.0/8:5432", "/run/db & co.sock"],
  replace: true,
  endsWithWorkload: false,
};

describe("a value", () => {
  it.each([
    ["with NUL and invalid UTF-8", Buffer.from("a\0b\r\n\r\nGET / HTTP/1.1\xff\xfe%00\u00e9", "latin1")],
    ["of the most that may be", Buffer.alloc(maxSecret, "0123456789abcdef!")],
    ["that is empty", Buffer.alloc(0)],
  ])("%s arrives byte for byte, with what is asked about it", async (_, value) => {
    const { client, got } = await start();
    const before = value.toString("latin1");
    expect(await client.addSecret(asked, value)).toMatchObject({ outcome: "registered" });
    expect(got).toEqual([{ asked, value: before }]);
  });

  it("of a megabyte is refused with its length, and the next one is taken", async () => {
    const { client, got } = await start();
    const adding = client.addSecret(asked, Buffer.alloc(1024 * 1024, "abcdefgh"));
    await expect(adding).rejects.toMatchObject({
      code: "SECRET_UNFIT",
      message: expect.stringContaining("1048576 bytes"),
    });
    await client.addSecret(asked, Buffer.from("a-secret-that-is-fine"));
    expect(got).toHaveLength(1);
  });

  it("is in no answer, error or log, whatever goes wrong", async () => {
    const value = "tk_7Qm2xRz9KpLw4VbN";
    for (const addSecret of [
      () => {
        throw new CloudtaserError("SECRETS_FULL", { target: "token of pay", fields: { reason: "the table is full" } });
      },
      () => {
        throw new Error("something else");
      },
    ]) {
      const { socket, logged } = await start({ addSecret });
      const answer = await send(socket, "POST", "/v1/secrets?workload=pay&name=token", Buffer.from(value));
      expect(answer.status).toBe(500);
      expect(answer.text + JSON.stringify(logged)).not.toContain(value.slice(0, 6));
    }
  });
});

describe("what is asked", () => {
  it.each([
    ["", "workload"],
    ["workload=pay", "name"],
    ["workload=pay&name=", "name"],
    ["workload=../x&name=a", "workload"],
    ["workload=pay&name=a%0Ab", "name"],
    ["workload=pay&name=a&name=b", ""],
    ["workload=pay&name=a&value=x", "value"],
    ["workload=pay&name=a&replace=yes", "replace"],
    [`workload=pay&name=a${"&allow=1.2.3.4".repeat(65)}`, "64 places"],
  ])("?%s is refused or means its last word", async (query, reason) => {
    const { socket, got } = await start();
    const { status, text } = await send(socket, "POST", `/v1/secrets?${query}`, Buffer.from("value"));
    expect([status, got.length]).toEqual(reason === "" ? [200, 1] : [400, 0]);
    expect(text).toContain(reason);
  });

  it("lists, and removes one or all", async () => {
    const removed: unknown[] = [];
    const { client, socket } = await start({
      removeSecret: (which) => {
        removed.push(which);
        return { removed: [secret] };
      },
    });
    expect(await client.secrets()).toEqual({ unsupported: "", secrets: [secret] });
    await client.removeSecret({ workload: "pay" });
    await client.removeSecret({ workload: "pay", name: "token" });
    expect(removed).toEqual([{ workload: "pay" }, { workload: "pay", name: "token" }]);
    expect(await send(socket, "PUT", "/v1/secrets")).toMatchObject({
      status: 405,
      text: expect.stringContaining("GET, POST, DELETE"),
    });
  });
});
