// SPDX-License-Identifier: Apache-2.0
// When what was given to sinks would outlive the process.

import { createServer } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { Outlets } from "../../src/sinks/index.js";
import { freshDirectory, publish, Source } from "./sinks-support.js";

const patience = 60_000;

const configOf = (directory: string, sinks: unknown) =>
  configSchema.parse({ stateDirectory: directory, events: { stdout: false }, sinks });

describe("Outlets", () => {
  it("knows when what waits only in memory has left it; a spool keeps what it has", async () => {
    const directory = freshDirectory();
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
    const without = await Outlets.open(configOf(freshDirectory(), [poor]));
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
