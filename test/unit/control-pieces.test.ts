// SPDX-License-Identifier: Apache-2.0
// A long answer is the JSON that it always was, made and sent a piece at a time.
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ControlClient } from "../../src/control/client.js";
import { startControlServer } from "../../src/control/index.js";
import { jsonPieces, perPiece } from "../../src/control/pieces.js";
import type { ControlHandlers, StatusReport } from "../../src/control/protocol.js";
import { mostPerTurn } from "./turns.js";

const directory = mkdtempSync(join(tmpdir(), "pieces-"));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("jsonPieces", () => {
  const lists = fc.dictionary(fc.string(), fc.oneof(fc.array(fc.jsonValue(), { maxLength: 20 }), fc.jsonValue()));
  const others = fc.constantFrom(undefined, null, [undefined, 1, 2, 3], new Date(0), Buffer.from("text"), () => 1);
  const values = fc.oneof(fc.jsonValue(), lists, fc.dictionary(fc.string(), fc.oneof(others, fc.array(others))));

  it("are together what JSON.stringify makes", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 5 }), (value, most) => {
        expect([...jsonPieces(value, most)].join("")).toBe(`${JSON.stringify(value)}`);
      }),
      { numRuns: 500 },
    );
  });

  it("are one for what is not long, and hold no more than that many elements each for what is", () => {
    const items = Array.from({ length: 1000 }, (_, i) => ({ i }));
    expect([...jsonPieces({ items: items.slice(0, perPiece), name: "x" })]).toHaveLength(1);
    const pieces = [...jsonPieces({ name: "x", items })];
    for (const piece of pieces) expect((piece.match(/\{"i":/g) ?? []).length).toBeLessThanOrEqual(perPiece);
    expect(pieces.length).toBeGreaterThan(1000 / perPiece);
  });
});

describe("the answer for 30,000 processes", () => {
  const body = (socket: string): Promise<{ text: string; length: string | undefined }> =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath: socket, path: "/v1/status" }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        response.on("end", () => resolve({ text, length: response.headers["content-length"] }));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end();
    });

  it("is made of no more than a piece in one turn of the event loop, and is the same bytes", async () => {
    let made = 0;
    const plain = Array.from({ length: 30_000 }, (_, pid) => ({ pid, comm: `größe-${pid}`, workload: "pay" }));
    const toJson = (one: object) => {
      made++;
      return one;
    };
    const processes = plain.map((one) => ({ ...one, toJSON: () => toJson(one) }));
    const report = { version: "1", processes, warnings: ["w"] } as unknown as StatusReport;
    const socket = join(directory, "s.sock");
    const handlers = { status: async () => report } as unknown as ControlHandlers;
    const native = { peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }) };
    open.push(await startControlServer({ socket, native, handlers, log: { info: () => {}, warn: () => {} } }));
    const { result, most } = await mostPerTurn(
      () => made,
      () => body(socket),
    );
    expect(result.text).toBe(`${JSON.stringify({ version: "1", processes: plain, warnings: ["w"] })}\n`);
    expect(result.length).toBe(String(Buffer.byteLength(result.text)));
    expect(made).toBe(30_000);
    expect(most).toBeLessThanOrEqual(perPiece);
  });

  it("may be left in the middle: others are answered", async () => {
    const processes = Array.from({ length: 10_000 }, (_, pid) => ({ pid, comm: "x".repeat(100) }));
    const socket = join(directory, "left.sock");
    const report = { processes } as unknown as StatusReport;
    const handlers = { status: () => report, reload: async () => ({ loadedAt: "now" }) } as unknown as ControlHandlers;
    const native = { peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }) };
    open.push(await startControlServer({ socket, native, handlers, log: { info: () => {}, warn: () => {} } }));
    for (let i = 0; i < 2; i++) {
      await new Promise<void>((resolve) => {
        const sent = request({ socketPath: socket, path: "/v1/status" }, (response) => {
          response.once("data", () => response.destroy());
          response.once("error", () => {});
          response.once("close", resolve);
        });
        sent.once("error", () => {});
        sent.end();
      });
    }
    expect(await new ControlClient({ socket }).reload()).toEqual({ loadedAt: "now" });
    expect((await new ControlClient({ socket }).status()).processes).toEqual(processes);
  });
});
