// SPDX-License-Identifier: Apache-2.0
// A disk that fills up in the middle of a write, comes back while the receiver is dead, or holds what nobody can read; and a
// reload that comes to nothing beside a spool in use.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { BatchSink } from "../../src/sinks/batch.js";
import { Outlets } from "../../src/sinks/index.js";
import { type Entry, freshStats } from "../../src/sinks/sink.js";
import { Spool } from "../../src/sinks/spool.js";
import { openSpool, Source, scratch, seqOf } from "./sinks-support.js";
import { http } from "./sinks-transports.js";

let number = 0;
const fresh = (): string => join(scratch, `disk-${++number}`);
const handles = Object.getPrototypeOf(await open("/dev/null").then((one) => one.close().then(() => one))) as FileHandle;
afterEach(() => void vi.restoreAllMocks());

async function drain(spool: Spool): Promise<Entry[]> {
  const all: Entry[] = [];
  for (;;) {
    const batch = await spool.peek({ events: 100, bytes: 1024 * 1024 });
    if (batch.length === 0) return all;
    all.push(...batch);
    spool.advance(batch.length);
  }
}

const seqs = (entries: readonly Entry[]): number[] => entries.map(({ line }) => seqOf(line));
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => index + from);
const onDisk = (directory: string): number =>
  readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
const full = (): never => {
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};

/** The next write of a file takes so many bytes, and the one after it finds the disk full. */
function fillAfter(bytes: number): void {
  const real = handles.write as unknown as (this: FileHandle, ...given: unknown[]) => never;
  const spy = vi.spyOn(handles, "write") as unknown as ReturnType<typeof vi.fn>;
  spy
    .mockImplementationOnce(function (this: FileHandle, buffer: Buffer, offset: number, _length: number, at: number) {
      return real.call(this, buffer, offset, bytes, at);
    } as never)
    .mockImplementationOnce(full as never);
}

describe("a spool on a disk that fills up", () => {
  it("leaves nothing of a write that failed, so that nothing comes again behind what is newer", async () => {
    const directory = fresh();
    const { spool, stats } = await openSpool(directory);
    const source = new Source();
    await spool.peek({ events: 1, bytes: 1 });
    fillAfter(5000);
    for (const entry of source.many(20)) spool.push(entry);
    expect(seqs(await drain(spool))).toEqual(upTo(20));
    expect(stats.errors).toBe(1);
    vi.restoreAllMocks();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    spool.push(source.next());
    await spool.close();
    const again = await openSpool(directory);
    expect(seqs(await drain(again.spool))).toEqual([21]);
    expect(again.stats.dropped.damaged).toBe(0);
    await again.spool.close();
  });

  it("loses nothing uncounted when a segment cannot be thinned, and thins it when it can be", async () => {
    const directory = fresh();
    const { spool, stats } = await openSpool(directory, { maxSpoolBytes: 100_000, segmentBytes: 10_000 });
    const source = new Source();
    const severities = ["info", "high"] as const;
    const real = handles.writev;
    let failures = 0;
    vi.spyOn(handles, "writev").mockImplementation(function (this: FileHandle, buffers, ...rest) {
      failures++;
      // As the kernel does when space ends in the middle: what it took, and no error.
      return failures > 3 ? real.call(this, buffers, ...rest) : real.call(this, buffers.slice(0, 1), ...rest);
    });
    for (let i = 0; i < 800; i++) {
      spool.push(source.next({ severity: severities[i % 2] ?? "info" }));
      if (i % 20 === 0) await spool.peek({ events: 1, bytes: 1 });
    }
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const got = await drain(spool);
    expect(failures).toBeGreaterThan(3);
    expect(stats.errors).toBe(3);
    expect(got.length + stats.dropped.spool_full).toBe(800);
    expect(stats.dropped.damaged).toBe(0);
    expect(readdirSync(directory).filter((name) => name.endsWith(".new"))).toEqual([]);
    await spool.close();
  });

  it("stays below its limit though no segment can be thinned, and however much comes at once", async () => {
    const directory = fresh();
    const { spool, stats } = await openSpool(directory, { maxSpoolBytes: 1024 * 1024 });
    const spy = vi.spyOn(handles, "writev").mockImplementation(full);
    const source = new Source();
    const severities = ["info", "high"] as const;
    for (let i = 0; i < 8000; i++) spool.push(source.next({ severity: severities[i % 2] ?? "info" }));
    for (let round = 0; round < 3; round++) {
      await spool.peek({ events: 1, bytes: 1 });
      await new Promise((resolve) => setTimeout(resolve, 1050));
      spool.push(source.next());
    }
    expect(stats.errors).toBeGreaterThan(1);
    expect(onDisk(directory)).toBeLessThan(1024 * 1024 * 1.3);
    spy.mockRestore();
    await new Promise((resolve) => setTimeout(resolve, 1050));
    await spool.peek({ events: 1, bytes: 1 });
    expect(onDisk(directory)).toBeLessThan(1024 * 1024 * 1.01);
    await spool.close();
  });

  it("reads on behind a whole block of what is no event", async () => {
    const directory = fresh();
    mkdirSync(directory, { mode: 0o700 });
    const [entry] = new Source().many(1);
    writeFileSync(
      join(directory, "000000000001.ndjson"),
      `${`${"x".repeat(1000)}\n`.repeat(1200)}${entry?.rank} ${entry?.line}`,
    );
    const { spool, stats } = await openSpool(directory);
    expect(seqs(await drain(spool))).toEqual([1]);
    expect(stats.dropped.damaged).toBe(1200);
    await spool.close();
  });
});

describe("a spool that was not there for a while", () => {
  it("is used again while the receiver is still dead, and outlives the stop", async () => {
    const directory = fresh();
    writeFileSync(directory, "not a directory");
    const stats = freshStats();
    const limits = { maxLines: 200, maxBytes: 64 * 1024 * 1024, maxSpoolBytes: 1024 * 1024 };
    const spool = new Spool({ directory, ...limits }, stats);
    const backoff = { firstMs: 100, longestMs: 100 };
    const sink = new BatchSink("dead", spool, http("http://127.0.0.1:9/"), stats, { backoff, lasting: true });
    const source = new Source();
    for (const entry of source.many(100)) sink.write(entry);
    await vi.waitFor(() => expect(stats.retried).toBeGreaterThan(0));
    // A clock that is set back must not put off the next look.
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now - 3_600_000);
    rmSync(directory);
    await vi.waitFor(() => expect(stats.spoolBytes).toBeGreaterThan(0), 5000);
    for (const entry of source.many(150)) sink.write(entry);
    await vi.waitFor(() => expect(onDisk(directory)).toBe(stats.spoolBytes + 64), 5000);
    await sink.close(200);
    expect(Object.values(stats.dropped).every((count) => count === 0)).toBe(true);
    const again = await openSpool(directory);
    expect(seqs(await drain(again.spool))).toEqual(upTo(250));
    await again.spool.close();
  });

  it("takes at the stop what waited in memory", async () => {
    const directory = fresh();
    writeFileSync(directory, "not a directory");
    const { spool, stats } = await openSpool(directory);
    for (const entry of new Source().many(50)) spool.push(entry);
    await spool.peek({ events: 10, bytes: 1024 * 1024 });
    rmSync(directory);
    await spool.close();
    expect(stats.dropped.closed).toBe(0);
    const again = await openSpool(directory);
    expect(seqs(await drain(again.spool))).toEqual(upTo(50));
    await again.spool.close();
  });
});

describe("a spool that an earlier run left full", () => {
  it("writes what comes while the lines that are in it are counted, and counts them all", async () => {
    const directory = fresh();
    const source = new Source();
    const first = await openSpool(directory, { segmentBytes: 16 * 1024 });
    for (const entry of source.many(300)) first.spool.push(entry);
    await first.spool.close();
    const segments = readdirSync(directory).filter((name) => name.endsWith(".ndjson")).length;
    expect(segments).toBeGreaterThan(3);
    let proceed = (): void => {};
    const counting = new Promise<void>((resolve) => (proceed = resolve));
    const real = handles.read as unknown as (this: FileHandle, ...given: unknown[]) => never;
    let reads = 0;
    (vi.spyOn(handles, "read") as unknown as ReturnType<typeof vi.fn>).mockImplementation(async function (
      this: FileHandle,
      ...given: unknown[]
    ) {
      // First the end of each is looked for.
      if (reads++ >= segments) await counting;
      return real.apply(this, given);
    });
    const stats = freshStats();
    const limits = { maxLines: 100, maxBytes: 1024 * 1024, maxSpoolBytes: 1024 * 1024 };
    const spool = new Spool({ directory, ...limits, segmentBytes: 16 * 1024 }, stats);
    const opening = spool.open();
    for (let part = 1; part <= 5; part++) {
      const before = stats.spoolBytes;
      for (const entry of source.many(60)) spool.push(entry);
      await vi.waitFor(() => expect(stats.spoolBytes).toBeGreaterThan(before + 60 * 200));
    }
    expect(stats.dropped.queue_full).toBe(0);
    expect(stats.queued).toBeGreaterThan(0);
    proceed();
    await opening;
    expect(stats.queued).toBe(600);
    expect(seqs(await drain(spool))).toEqual(upTo(600));
    expect(stats.queued).toBe(0);
    await spool.close();
  });
});

describe("a reload that comes to nothing", () => {
  it("does not touch the spool that is in use", async () => {
    const directory = fresh();
    const sink = { name: "dead", http: { url: "http://127.0.0.1:9/", protocol: "webhook" } };
    const config = (sinks: unknown) =>
      configSchema.parse({ stateDirectory: directory, events: { stdout: false }, sinks });
    const outlets = await Outlets.open(config([sink]));
    const { event, line } = new Source().next();
    outlets.publish(event, line);
    await vi.waitFor(() => expect(outlets.reports()[0]?.stats.errors).toBeGreaterThan(0));
    const spool = join(directory, "spool", "dead");
    // What the sink in use may be about to put in place of a segment.
    writeFileSync(join(spool, "000000000001.ndjson.new"), "");
    const cursor = readFileSync(join(spool, "cursor"), "utf8");
    (await outlets.prepare(config([{ ...sink, queue: { maxEvents: 100 } }]))).abandon();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(readdirSync(spool)).toContain("000000000001.ndjson.new");
    expect(readFileSync(join(spool, "cursor"), "utf8")).toBe(cursor);
    await outlets.close(100);
  });
});
