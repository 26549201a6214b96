// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments under load: no event that had reached the spool is lost, all come in order, and verify explains
// each break. CRASHES=100 makes so many, however long they take; otherwise as many as fit into a quarter of a minute.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { verifyFiles } from "../../src/evidence/index.js";

const program = "dist/test/unit/crash-program.js";
const directory = mkdtempSync(join(tmpdir(), "ct-crash-"));
const spool = join(directory, "spool/siem");
const wanted = Number(process.env["CRASHES"] ?? 0);
const patienceMs = 12_000;
/** On a machine that has no time, and on one that has. */
const least = 5;
const most = 100;

/** Chance that is the same each time. */
let state = 20_261_128;
function chance(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

/** "id" of an event → place of its first arrival. */
const arrived = new Map<string, number>();
let repeated = 0;
let server: Server;

const idsOf = (text: string): string[] => [...text.matchAll(/"id":"([0-9a-f-]{36})"/g)].map(([, id = ""]) => id);

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      // A receiver that is busy has not taken it; one that takes it may say so late.
      if (chance() < 0.2) return void response.writeHead(503).end();
      for (const id of idsOf(text)) {
        if (arrived.has(id)) repeated++;
        else arrived.set(id, arrived.size);
      }
      setTimeout(() => response.writeHead(200).end(), chance() * 20);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

interface Run {
  child: ChildProcess;
  ready: Promise<void>;
  ended: Promise<unknown>;
  said(): string;
}

function start(run: number, mode: "load" | "drain"): Run {
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [program, directory, String(port), String(run), mode]);
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const ready = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  return { child, ready: Promise.race([ready, ended.then(() => undefined)]), ended, said: () => said };
}

/** Whole lines that are in the spool now. */
function spooled(): string[] {
  if (!existsSync(spool)) return [];
  const files = readdirSync(spool).filter((name) => name.endsWith(".ndjson"));
  return files.sort().flatMap((name) => {
    const text = readFileSync(join(spool, name), "utf8");
    return idsOf(text.slice(0, text.lastIndexOf("\n") + 1));
  });
}

it(
  "loses nothing that had reached the spool, and explains each break",
  async () => {
    expect(existsSync(program), `${program} is not built: make unit`).toBe(true);
    const reached = new Set<string>();
    const order: string[] = [];
    let kills = 0;
    let startMs = 500;
    const enough = (ms: number): boolean =>
      kills >= (wanted || most) || (wanted === 0 && kills >= least && ms > patienceMs);
    for (const begin = Date.now(); !enough(Date.now() - begin); kills++) {
      const spawned = Date.now();
      const { child, ready, ended, said } = start(kills, "load");
      // One in five while it begins, also in the middle of what it finds of the run before.
      if (kills > 0 && chance() < 0.2) await sleep(chance() * startMs * 1.2);
      else {
        await ready;
        startMs = Date.now() - spawned;
        await sleep(chance() ** 2 * 500);
      }
      expect(child.exitCode, said()).toBeNull();
      child.kill("SIGKILL");
      await ended;
      for (const id of spooled()) {
        if (!reached.has(id)) order.push(id);
        reached.add(id);
      }
    }
    const last = start(kills, "drain");
    await last.ended;
    expect(last.child.exitCode, last.said()).toBe(0);

    expect(kills).toBeGreaterThanOrEqual(wanted || least);
    expect(reached.size).toBeGreaterThan(kills * 10);
    expect([...reached].filter((id) => !arrived.has(id))).toEqual([]);
    const places = order.map((id) => arrived.get(id) ?? -1);
    expect(places).toEqual([...places].sort((one, other) => one - other));

    const logs = readdirSync(directory).filter((name) => name.startsWith("events.ndjson"));
    const result = await verifyFiles(logs.map((name) => join(directory, name)));
    // What was killed before its first checkpoint has nobody's signature; nothing is missing or altered.
    expect(result.findings.filter(({ verdict }) => verdict !== "note" && verdict !== "unsigned")).toEqual([]);
    expect(["complete", "unsigned"]).toContain(result.verdict);
    expect(result.runs).toBeGreaterThan(kills / 2);
    expect(result.findings.length + result.leftOut).toBeGreaterThanOrEqual(result.runs - 1);
    process.stdout.write(
      `${kills} kills, ${result.runs} runs wrote, ${arrived.size} events arrived and ${repeated} of them again, ` +
        `${reached.size} were seen in a spool; verify: ${result.verdict}, ${result.lines} lines\n`,
    );
  },
  wanted > 0 ? 3_600_000 : 300_000,
);
