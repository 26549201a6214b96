// SPDX-License-Identifier: Apache-2.0
// A syslog receiver that takes and does not read, and is gone then: what lay in between comes again, also in the next run.

import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { openSpool, Source, scratch, seqOf } from "./sinks-support.js";
import { count, patience, sinkOn, syslog, syslogReceiver } from "./sinks-transports.js";

const upTo = (end: number): number[] => Array.from({ length: end }, (_, index) => index + 1);
const places = ["stopped while the receiver is away", "stopped while the receiver reads nothing"] as const;

for (const [number, place] of places.entries()) {
  it(`leaves in its spool what may not have been read, ${place}`, async () => {
    const spool = join(scratch, `unread-${number}`);
    const receiver = await syslogReceiver();
    receiver.deaf = true;
    const sink = sinkOn(syslog(receiver.port), { spool });
    const source = new Source();
    for (const entry of source.many(20)) sink.write(entry);
    await count(sink, 20);
    for (const entry of source.many(20)) sink.write(entry);
    await count(sink, 40);
    if (number === 0) await receiver.kill();
    await sink.close(200);
    await receiver.kill();
    expect(receiver.messages).toEqual([]);
    receiver.deaf = false;
    await receiver.start();
    const next = sinkOn(syslog(receiver.port), { spool });
    next.write(source.next());
    await vi.waitFor(() => expect(receiver.messages.map(seqOf)).toEqual(upTo(41)), patience);
    await next.close(5000);
    // That one read all and closed its side: nothing comes a third time.
    const { stats, spool: left } = await openSpool(spool);
    expect(stats.queued).toBe(0);
    await left.close();
  });
}

it("counts what it cannot keep over a stop", async () => {
  const receiver = await syslogReceiver();
  receiver.deaf = true;
  const sink = sinkOn(syslog(receiver.port));
  for (const entry of new Source().many(20)) sink.write(entry);
  await count(sink, 20);
  await receiver.kill();
  await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(0), patience);
  await sink.close(50);
  expect(sink.stats.dropped.closed).toBe(20);
});

it("keeps segments for as long as they may be repeated, and gives those up first when the spool is full", async () => {
  const directory = join(scratch, "unread-full");
  const limits = { maxSpoolBytes: 40_000, segmentBytes: 4000 };
  const { spool, stats } = await openSpool(directory, limits);
  const source = new Source();
  const deliver = async (kept: number): Promise<void> => {
    for (;;) {
      const batch = await spool.peek({ events: 7, bytes: 1024 * 1024 });
      if (batch.length === 0) return;
      spool.advance(batch.length, kept);
    }
  };
  for (const entry of source.many(60)) spool.push(entry);
  await deliver(50);
  expect(stats).toMatchObject({ queued: 0 });
  expect(stats.spoolBytes).toBeLessThan(8500);
  for (const entry of source.many(150)) spool.push(entry);
  await spool.peek({ events: 1, bytes: 1 });
  const lost = stats.dropped.spool_full;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThan(80);
  await spool.close();
  const again = await openSpool(directory, limits);
  // None of those that were delivered had to stay for others to go.
  const [first] = await again.spool.peek({ events: 1, bytes: 1 });
  expect(seqOf(first?.line ?? "")).toBeGreaterThan(40);
  await again.spool.close();
});
