// SPDX-License-Identifier: Apache-2.0
// The spool: nothing that was in it is lost by an end of the process, low severities go first when it is full, and a disk
// that refuses, or a file that somebody wrote into, holds up nothing.

import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Entry } from "../../src/sinks/sink.js";
import type { Spool } from "../../src/sinks/spool.js";
import { openSpool, Source, scratch, seqOf } from "./sinks-support.js";

let number = 0;
const fresh = (): string => join(scratch, `spool-${++number}`);

async function drain(spool: Spool, { events = 100, most = Number.POSITIVE_INFINITY } = {}): Promise<Entry[]> {
  const all: Entry[] = [];
  while (all.length < most) {
    const batch = await spool.peek({ events: Math.min(events, most - all.length), bytes: 1024 * 1024 });
    if (batch.length === 0) break;
    all.push(...batch);
    spool.advance(batch.length);
  }
  return all;
}

const seqs = (entries: readonly Entry[]): number[] => entries.map(({ line }) => seqOf(line));
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => index + from);

describe("Spool", () => {
  it("gives back what was put in, in order, and leaves nothing behind", async () => {
    const directory = fresh();
    const { spool, stats } = await openSpool(directory, { segmentBytes: 4096 });
    const entries = new Source().many(1000);
    for (const entry of entries) spool.push(entry);
    expect(stats.queued).toBe(1000);
    const got = await drain(spool);
    expect(got.map(({ line, rank }) => [line, rank])).toEqual(entries.map(({ line, rank }) => [line, rank]));
    expect(got[0]?.event).toEqual(entries[0]?.event);
    expect(stats.queued).toBe(0);
    await spool.close();
    expect(readdirSync(directory).length).toBeLessThanOrEqual(2);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it("goes on where it was at the next start, also in the middle of a segment", async () => {
    const directory = fresh();
    const source = new Source();
    const first = await openSpool(directory, { segmentBytes: 16 * 1024 });
    for (const entry of source.many(300)) first.spool.push(entry);
    expect(seqs(await drain(first.spool, { events: 7, most: 133 }))).toEqual(upTo(133));
    await first.spool.close();
    const second = await openSpool(directory, { segmentBytes: 16 * 1024 });
    expect(second.stats.queued).toBe(167);
    for (const entry of source.many(10)) second.spool.push(entry);
    expect(seqs(await drain(second.spool))).toEqual(upTo(177, 134));
    await second.spool.close();
  });

  it("loses nothing that had reached it when the process is killed, and leaves out a torn line", async () => {
    const directory = fresh();
    const script = `
      const { Spool } = await import(${JSON.stringify(join(process.cwd(), "dist/src/sinks/spool.js"))});
      const { Entry, freshStats } = await import(${JSON.stringify(join(process.cwd(), "dist/src/sinks/sink.js"))});
      const stats = freshStats();
      const limits = { maxLines: 1e6, maxBytes: 1e9, maxSpoolBytes: 1e9, segmentBytes: 65536 };
      const spool = new Spool({ directory: ${JSON.stringify(directory)}, ...limits }, stats);
      await spool.open();
      for (let seq = 1; ; seq += 50) {
        for (let i = 0; i < 50; i++) spool.push(new Entry('{"seq":' + (seq + i) + ',"text":"' + "x".repeat(300) + '"}\\n', 1));
        while (stats.queued > 0 && !(await spool.peek({ events: 1, bytes: 1 })).length);
        // What was written is known to be written.
        await new Promise((resolve) => setTimeout(resolve, 1));
        process.stdout.write(seq + 49 + "\\n");
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk));
    await vi.waitFor(() => expect(out.split("\n").length).toBeGreaterThan(20), 30_000);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    const acknowledged = Number(out.trim().split("\n").at(-2));
    const newest =
      readdirSync(directory)
        .filter((name) => name.endsWith(".ndjson"))
        .sort()
        .at(-1) ?? "";
    appendFileSync(join(directory, newest), '1 {"seq":999999,"to');
    const { spool, stats } = await openSpool(directory);
    const got = seqs(await drain(spool));
    expect(got).toEqual(upTo(got.length));
    expect(got.length).toBeGreaterThanOrEqual(acknowledged);
    expect(stats.dropped.damaged).toBe(0);
    await spool.close();
  });

  it("gives up the oldest of the lowest severities when it is full, counts them, and stays below its limit", async () => {
    const directory = fresh();
    const { spool, stats } = await openSpool(directory, { maxSpoolBytes: 100_000, segmentBytes: 10_000 });
    const source = new Source();
    const severities = ["info", "critical", "low", "high", "medium"] as const;
    const pushed: Entry[] = [];
    for (let i = 0; i < 800; i++) {
      const entry = source.next({ severity: severities[i % 5] ?? "info" });
      pushed.push(entry);
      spool.push(entry);
      if (i % 20 === 0) await spool.peek({ events: 1, bytes: 1 });
    }
    await spool.peek({ events: 1, bytes: 1 });
    expect(stats.spoolBytes).toBeLessThanOrEqual(100_000);
    const onDisk = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    expect(onDisk).toBeLessThanOrEqual(100_100);
    const got = await drain(spool);
    expect(got.length + stats.dropped.spool_full).toBe(800);
    expect(seqs(got)).toEqual([...seqs(got)].sort((one, other) => one - other));
    const kept = (rank: number) => got.filter((entry) => entry.rank === rank).length;
    // The newest segments are not thinned yet, and the first one was being read.
    expect(kept(4)).toBe(pushed.filter(({ rank }) => rank === 4).length);
    expect(kept(0)).toBeLessThan(60);
    expect(kept(3)).toBeGreaterThan(kept(1));
    await spool.close();
  });

  it("waits in memory while the disk refuses, delivers from there, and uses the disk again", async () => {
    const directory = fresh();
    writeFileSync(directory, "not a directory");
    const { spool, stats } = await openSpool(directory);
    const source = new Source();
    for (const entry of source.many(50)) spool.push(entry);
    expect(seqs(await drain(spool, { events: 10, most: 30 }))).toEqual(upTo(30));
    expect(stats).toMatchObject({ queued: 20, spoolBytes: 0, lastError: expect.stringMatching(/^spool: /) });
    rmSync(directory);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    for (const entry of source.many(10)) spool.push(entry);
    expect(seqs(await drain(spool))).toEqual(upTo(30, 31));
    for (const entry of source.many(5)) spool.push(entry);
    await spool.close();
    expect(stats.dropped.closed).toBe(0);
    expect(existsSync(directory)).toBe(true);
    const again = await openSpool(directory);
    expect(seqs(await drain(again.spool))).toEqual(upTo(5, 61));
    await again.spool.close();
  });

  it("takes no damaged line for an event, and goes on behind it", async () => {
    const directory = fresh();
    mkdirSync(directory, { mode: 0o700 });
    const good = new Source().many(3).map(({ line, rank }) => `${rank} ${line}`);
    const noise = ["", "hello\n", "9 {}\n", "\0\0\0\n", '{"seq":1}\n', "x".repeat(2000), "\n"].join("");
    writeFileSync(join(directory, "000000000001.ndjson"), good[0] + noise + good[1]);
    writeFileSync(join(directory, "000000000007.ndjson"), Buffer.alloc(600 * 1024));
    writeFileSync(join(directory, "000000000009.ndjson"), good[2] ?? "");
    writeFileSync(join(directory, "cursor"), "999 xyz");
    const { spool, stats } = await openSpool(directory);
    expect(seqs(await drain(spool))).toEqual([1, 2, 3]);
    expect(stats.dropped.damaged).toBe(5);
    await spool.close();
  });

  it("does not write through a link in place of a segment", async () => {
    const directory = fresh();
    const victim = join(scratch, "victim");
    writeFileSync(victim, "precious");
    const { spool, stats } = await openSpool(directory);
    for (let next = 1; next < 4; next++) symlinkSync(victim, join(directory, `00000000000${next}.ndjson`));
    const source = new Source();
    for (const entry of source.many(3)) spool.push(entry);
    expect(seqs(await drain(spool))).toEqual(upTo(3));
    expect(stats.errors).toBeGreaterThan(0);
    await spool.close();
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });
});
