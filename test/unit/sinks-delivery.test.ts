// SPDX-License-Identifier: Apache-2.0
// A hundred thousand events to receivers that are killed and started again, slow and rude: nothing is lost, and nothing
// comes oftener than at-least-once allows.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { Backoff, retryAfter } from "../../src/sinks/backoff.js";
import { countArrivals, Source, scratch, seqOf } from "./sinks-support.js";
import { arrived, count, http, httpReceiver, patience, sinkOn, syslog, syslogReceiver } from "./sinks-transports.js";

describe("a hundred thousand events", () => {
  const many = 100_000;

  it("arrive once and in order over HTTP, by way of the spool", async () => {
    const receiver = await httpReceiver();
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/x`, { maxEvents: 2000 }), {
      spool: join(scratch, "big-http"),
    });
    for (const entry of new Source().many(many)) sink.write(entry);
    await count(sink, many);
    expect(arrived(receiver)).toEqual(Array.from({ length: many }, (_, index) => index + 1));
    expect(sink.stats).toMatchObject({ queued: 0, retried: 0, errors: 0 });
    expect(sink.stats.latency.count).toBe(many);
  });

  it("arrive over TCP syslog though the receiver is killed again and again", async () => {
    const receiver = await syslogReceiver();
    const sink = sinkOn(syslog(receiver.port), { spool: join(scratch, "big-tcp") });
    const source = new Source();
    for (let round = 0; round < 10; round++) {
      const before = receiver.connections;
      for (const entry of source.many(many / 10)) sink.write(entry);
      await vi.waitFor(() => expect(receiver.connections).toBeGreaterThan(before), patience);
      await sleep(30);
      await receiver.kill();
      await sleep(round % 3 === 0 ? 100 : 5);
      await receiver.start();
    }
    await count(sink, many);
    await vi.waitFor(() => expect(new Set(receiver.messages.map(seqOf)).size).toBe(many), patience);
    countArrivals(receiver.messages.map(seqOf), many);
    expect(receiver.faults).toEqual([]);
  });

  it("arrive over HTTP though the receiver is killed, slow and says 503, and none oftener than it was tried", async () => {
    const receiver = await httpReceiver();
    let turn = 0;
    receiver.answer = (_posted, response) => {
      turn++;
      if (turn % 7 === 3) response.writeHead(503).end();
      else if (turn % 7 === 5) response.writeHead(429, { "retry-after": "0" }).end();
      else if (turn % 11 === 9) response.destroy();
      else response.end("ok");
    };
    const sink = sinkOn(http(`http://127.0.0.1:${receiver.port}/`), { spool: join(scratch, "big-rude") });
    for (const entry of new Source().many(many)) sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.delivered).toBeGreaterThan(10_000), patience);
    await receiver.kill();
    await sleep(100);
    await receiver.start();
    await count(sink, many);
    const { most } = countArrivals(arrived(receiver), many);
    expect(most).toBeLessThanOrEqual(2);
    expect(sink.stats.retried).toBeGreaterThan(0);
    expect(sink.stats.dropped.refused).toBe(0);
  });
});

describe("Backoff", () => {
  it("doubles up to its bound, with chance, and at least what the receiver asks for", () => {
    const backoff = new Backoff({ firstMs: 100, longestMs: 400, random: () => 1 });
    expect([1, 2, 3, 4].map(() => backoff.wait())).toEqual([100, 200, 400, 400]);
    expect(backoff.wait(5000)).toBe(5000);
    expect(backoff.wait(1e12)).toBe(3_600_000);
    backoff.reset();
    expect(backoff.wait()).toBe(100);
    expect(new Backoff({ firstMs: 100, longestMs: 400, random: () => 0 }).wait()).toBe(50);
    expect([
      retryAfter("7"),
      retryAfter("Thu, 01 Jan 1970 00:00:09 GMT", 4000),
      retryAfter("x"),
      retryAfter(undefined),
    ]).toEqual([7000, 5000, 0, 0]);
  });
});
