// SPDX-License-Identifier: Apache-2.0
// What the stream of events takes, in one process: from kernel record to file, JSON.stringify of the same, replay of a spool.
// Time is that of all its threads on a processor, so a machine with other work to do says the same.

import { closeSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { AnyEvent } from "../../src/formats/index.js";
import { descriptorWriter } from "../../src/sinks/descriptor.js";
import { Outlets } from "../../src/sinks/index.js";
import { QueueSink } from "../../src/sinks/queue.js";
import { Entry, freshStats } from "../../src/sinks/sink.js";
import { Spool } from "../../src/sinks/spool.js";
import { batch, makePipeline, makeRecords, wake } from "./event-records.js";

/** Records in the buffer, used again and again. */
const pool = 4096;
const mostQueued = 8192;
const patienceMs = 120_000;

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function inScratch<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "ct-bench-events-"));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export interface ToFile {
  perSecond: number;
  bytesPerEvent: number;
}

/** @param onBatch told how many are through */
export async function toFile(count: number, onBatch: (done: number) => void = () => undefined): Promise<ToFile> {
  return inScratch(async (directory) => {
    const file = join(directory, "events.ndjson");
    const keep = { path: file, rotate: { maxBytes: 256 * 1024 * 1024, keep: 1 } };
    const outlets = await Outlets.open({ events: { stdout: false, file: keep }, sinks: [], stateDirectory: directory });
    const stats = outlets.reports()[0]?.stats;
    if (stats === undefined) throw new Error("there is no sink");
    const pipeline = makePipeline((event, line) => outlets.publish(event, line));
    const records = makeRecords(pool);
    const begin = cpuSeconds();
    const deadline = Date.now() + patienceMs + count / 10;
    for (let done = 0; done < count; done += batch) {
      wake(pipeline, records, done % pool);
      await turn();
      while (stats.queued > mostQueued) await sleep(1);
      onBatch(done + batch);
      if (Date.now() > deadline) throw new Error(`${done} of ${count} events after too long a time`);
    }
    while (stats.queued > 0) await sleep(1);
    const seconds = cpuSeconds() - begin;
    const { delivered, deliveredBytes } = stats;
    await outlets.close(1000);
    if (delivered < count || statSync(file).size === 0)
      throw new Error(`${delivered} of ${count} events are in the file`);
    return { perSecond: delivered / seconds, bytesPerEvent: deliveredBytes / delivered };
  });
}

/** Milliseconds of the longest batch, which is what holds up the event loop: time on a processor, so what other processes took
 *  is not in it. */
export async function longestBatchMs(count: number): Promise<number> {
  const pipeline = makePipeline(() => undefined);
  const records = makeRecords(pool);
  let longest = 0;
  for (let done = 0; done < count; done += batch) {
    const before = process.cpuUsage();
    wake(pipeline, records, done % pool);
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    await turn();
  }
  return longest;
}

/** Objects that the pipeline made, turned to JSON and nothing else; objects a second. */
export function stringifyPerSecond(count: number): number {
  const events: AnyEvent[] = [];
  const pipeline = makePipeline((event) => void events.push(event));
  const records = makeRecords(pool);
  for (let from = 0; from < pool; from += batch) wake(pipeline, records, from);
  const begin = cpuSeconds();
  let bytes = 0;
  for (let done = 0; done < count; done++) bytes += JSON.stringify(events[done % events.length]).length;
  if (bytes === 0) throw new Error("nothing was made");
  return count / (cpuSeconds() - begin);
}

/** A spool that an earlier run left, read to its end as a sink reads it; events a second. */
export async function replayPerSecond(count: number): Promise<number> {
  return inScratch(async (directory) => {
    const options = { directory, maxSpoolBytes: 4 * 1024 ** 3, maxLines: 16_384, maxBytes: 16 * 1024 * 1024 };
    const stats = freshStats();
    const before = new Spool(options, stats);
    await before.open();
    const records = makeRecords(pool);
    const pipeline = makePipeline((event, line) => before.push(Entry.of(event, line)));
    for (let done = 0; done < count; done += batch) {
      wake(pipeline, records, done % pool);
      await turn();
      while (stats.queued - done > mostQueued / 2 && stats.queued - done > batch) await sleep(1);
      // Every so often all of it to the disk, so that nothing is given up.
      if (done % mostQueued === 0) await before.peek({ events: 1, bytes: 1 });
    }
    await before.close();
    const spool = new Spool(options, freshStats());
    const begin = cpuSeconds();
    await spool.open();
    let read = 0;
    for (;;) {
      const entries = await spool.peek({ events: 1000, bytes: 1024 * 1024 });
      if (entries.length === 0) break;
      read += entries.length;
      spool.advance(entries.length);
    }
    const seconds = cpuSeconds() - begin;
    await spool.close();
    const wanted = Math.ceil(count / batch) * batch;
    if (read !== wanted) throw new Error(`${read} of ${wanted} events came out of the spool`);
    return read / seconds;
  });
}

/** Percentile of the milliseconds from a record's time stamp to the end of the write that brought its line to the file, at so
 *  many a second, a few in each turn as a ring has them. By the clock on the wall: what others take from the machine is in it. */
export async function delayMs(perSecond: number, seconds: number, percentile: number): Promise<number> {
  return inScratch(async (directory) => {
    const fd = openSync(join(directory, "events.ndjson"), "w");
    const file = descriptorWriter(fd, () => closeSync(fd));
    const stamps: number[] = [];
    const delays: number[] = [];
    const write = async (bytes: Buffer): Promise<number> => {
      const taken = await file.write(bytes);
      const now = performance.now();
      for (let at = bytes.indexOf(0x0a); at >= 0 && at < taken; at = bytes.indexOf(0x0a, at + 1))
        delays.push(now - (stamps[delays.length] ?? now));
      return taken;
    };
    const sink = new QueueSink("file", () => ({ write, close: file.close }));
    const pipeline = makePipeline((event, line) => sink.write(Entry.of(event, line)));
    const begin = performance.now();
    for (let made = 0; made < perSecond * seconds; await sleep(1)) {
      const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - begin) * perSecond) / 1000));
      if (due === made) continue;
      const fresh = makeRecords(due - made);
      // Due a millisecond each: what came late through this loop counts as waiting.
      for (let one = made; one < due; one++) stamps.push(begin + (one * 1000) / perSecond);
      wake(pipeline, fresh, 0, due - made);
      made = due;
    }
    await sink.close(patienceMs);
    const sorted = delays.sort((one, other) => one - other);
    if (sorted.length !== perSecond * seconds) throw new Error(`${sorted.length} lines are in the file`);
    return sorted[Math.ceil(sorted.length * percentile) - 1] ?? Number.NaN;
  });
}

export interface Memory {
  /** Resident bytes in the second tenth and in the last, the middle of what was seen. */
  early: number;
  late: number;
  most: number;
}

export const middleOf = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Memory goes up and down with the collector, so what is compared is the middle of many looks. */
export async function memoryOver(count: number): Promise<Memory> {
  const seen: number[] = [];
  await toFile(count, (done) => {
    if (done >= (count * seen.length) / 1000) seen.push(process.memoryUsage.rss());
  });
  const tenth = Math.floor(seen.length / 10);
  const most = seen.slice(tenth).reduce((one, other) => Math.max(one, other), 0);
  return { early: middleOf(seen.slice(tenth, 2 * tenth)), late: middleOf(seen.slice(-tenth)), most };
}
