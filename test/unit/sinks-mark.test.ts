// SPDX-License-Identifier: Apache-2.0
// When what was given to sinks would outlive the process.

import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { Outlets } from "../../src/sinks/index.js";
import { Source, scratch } from "./sinks-support.js";

const patience = 60_000;
let number = 0;

function fresh(): string {
  const directory = join(scratch, `mark-${++number}`);
  mkdirSync(directory);
  return directory;
}

const configOf = (directory: string, sinks: unknown) =>
  configSchema.parse({ stateDirectory: directory, events: { stdout: false }, sinks });

function publish(outlets: Outlets, entries: ReturnType<Source["many"]>): void {
  for (const entry of entries) outlets.publish(entry.event, entry.line);
}

describe("Outlets", () => {
  it("knows when what waits only in memory has left it; a spool keeps what it has", async () => {
    const directory = fresh();
    const mute = createServer((socket) => socket.on("error", () => undefined).resume());
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const http = { url: `http://127.0.0.1:${(mute.address() as { port: number }).port}/`, protocol: "webhook" };
    const kept = { name: "kept", http };
    const poor = { name: "poor", http, spool: { maxBytes: 0 } };
    const withSpool = await Outlets.open(
      configOf(directory, [kept, { name: "plain", file: { path: `${directory}/a` } }]),
    );
    const source = new Source();
    publish(withSpool, source.many(10));
    const passed = withSpool.mark();
    expect(passed()).toBe(false);
    await vi.waitFor(() => expect(passed()).toBe(true), patience);
    expect(withSpool.reports()[0]?.stats.queued).toBe(10);
    await withSpool.close(100);
    const without = await Outlets.open(configOf(fresh(), [poor]));
    expect(without.mark()()).toBe(true);
    publish(without, source.many(10));
    const later = without.mark();
    publish(without, source.many(10));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(later()).toBe(false);
    await without.close(100);
    expect(later(), "counted as lost").toBe(true);
    await new Promise((resolve) => mute.close(resolve));
  });
});
