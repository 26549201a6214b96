// SPDX-License-Identifier: Apache-2.0
// Requests that the authority signs, over a real socket: which signature counts, and how often.

import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ControlClient,
  type ControlHandlers,
  type ControlServer,
  type Peer,
  startControlServer,
} from "../../src/control/index.js";
import { authorityHeader, Challenges, digestOfBody } from "../../src/control/signed.js";
import { isSignedBy, makeKey, readSigner, requestText } from "../../src/keys/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-signed-"));
const socket = join(directory, "control.sock");

describe("a signed request", () => {
  let server: ControlServer;
  const asked: [string, boolean][] = [];
  const denied: string[] = [];
  makeKey(join(directory, "own.key"));
  makeKey(join(directory, "other.key"));
  const own = readSigner(join(directory, "own.key"));
  const other = readSigner(join(directory, "other.key"));

  beforeAll(async () => {
    const note = <Answer>(what: string, peer: Peer, answer: Answer): Answer => {
      asked.push([what, peer.signed === true]);
      return answer;
    };
    const report = { workload: "w", processes: [], warnings: [] };
    const handlers = {
      unprotect: async ({ workload }, peer) => note(`unprotect ${workload}`, peer, report),
      removeSecret: ({ workload, name }, peer) => note(`remove ${workload} ${name}`, peer, { removed: [] }),
      addSecret: ({ name }, value, peer) => {
        throw note(`add ${name} ${value}`, peer, new Error("far enough"));
      },
    } as Partial<ControlHandlers> as ControlHandlers;
    server = await startControlServer({
      socket,
      native: { peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }) },
      handlers,
      signatures: {
        isSigned: (text, signature) => isSignedBy(own.publicKey, text, signature),
        denied: (_, what, reason) => void denied.push(`${what}: ${reason}`),
      },
      log: { info: () => {}, warn: () => {} },
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  /** Sends it as it stands; returns the HTTP status. */
  const send = (path: string, body: string, header?: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = header === undefined ? {} : { [authorityHeader]: header };
      const sent = request({ socketPath: socket, method: "POST", path, headers }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode ?? 0));
      });
      sent.on("error", reject).end(body);
    });
  const challenge = async (): Promise<string> =>
    new Promise((resolve, reject) => {
      request({ socketPath: socket, path: "/v1/challenge" }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => (text += part));
        response.on("end", () => resolve((JSON.parse(text) as { challenge: string }).challenge));
      })
        .on("error", reject)
        .end();
    });

  it("counts as such with every kind of body, and one without a signature does not", async () => {
    const client = new ControlClient({ socket, signer: own });
    await client.unprotect({ workload: "pay" });
    await client.removeSecret({ workload: "pay", name: "a.b" });
    const secret = { workload: "pay", name: "key", allow: ["10.0.0.1:443"], replace: true, endsWithWorkload: false };
    await client.addSecret(secret, Buffer.from("value of a secret")).catch(() => {});
    await new ControlClient({ socket }).unprotect({ workload: "pay" });
    expect(asked.splice(0)).toEqual([
      ["unprotect pay", true],
      ["remove pay a.b", true],
      ["add key value of a secret", true],
      ["unprotect pay", false],
    ]);
  });

  const path = "/v1/unprotect";
  const body = '{"workload":"pay"}';
  const sign = (given: string, signer = own, signed = { path, body }): string =>
    `${given}.${signer.sign(requestText({ challenge: given, method: "POST", path: signed.path, digest: digestOfBody(JSON.parse(signed.body)) }))}`;

  it("is good once", async () => {
    const header = sign(await challenge());
    expect(await send(path, body, header)).toBe(200);
    expect(await send(path, body, header)).toBe(403);
    expect(asked.splice(0)).toEqual([["unprotect pay", true]]);
    expect(denied.splice(0)).toEqual([expect.stringContaining("was used")]);
  });

  it.each<[string, (given: string) => string]>([
    ["by another key", (given) => sign(given, other)],
    ["for another body", (given) => sign(given, own, { path, body: '{"workload":"other"}' })],
    ["for another path", (given) => sign(given, own, { path: "/v1/secrets", body })],
    ["without its signature", (given) => given],
    ["of nonsense", (given) => `${given}.%%%`],
  ])("%s is refused, and does nothing", async (_, header) => {
    expect(await send(path, body, header(await challenge()))).toBe(403);
    expect(asked.splice(0)).toEqual([]);
    expect(denied.splice(0)).toHaveLength(1);
  });

  it("over a challenge that nobody gave out is refused", async () => {
    expect(await send(path, body, sign(Buffer.alloc(32).toString("base64")))).toBe(403);
    expect(asked.splice(0)).toEqual([]);
  });
});

describe("challenges", () => {
  it("are good once, for a minute, and of many the newest", () => {
    const challenges = new Challenges();
    const first = challenges.issue(0);
    expect(challenges.use(first, 59_999)).toBe(true);
    expect(challenges.use(first, 59_999)).toBe(false);
    const late = challenges.issue(0);
    expect(challenges.use(late, 60_000)).toBe(false);
    const oldest = challenges.issue(100_000);
    const many = Array.from({ length: 64 }, () => challenges.issue(100_000));
    expect(challenges.use(oldest, 100_001)).toBe(false);
    expect(many.every((one) => challenges.use(one, 100_001))).toBe(true);
  });
});
