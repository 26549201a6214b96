// SPDX-License-Identifier: Apache-2.0
// A sink that writes lines to a descriptor: batches them, finishes what was begun, retries what failed.

import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../errors/index.js";
import { type Format, native } from "../formats/index.js";
import { type Entry, freshStats, noteDelivery, type Sink, type SinkStats, type Writer } from "./sink.js";
import { Waiting } from "./waiting.js";

export interface QueueOptions {
  maxLines?: number;
  maxBytes?: number;
  /** Between two attempts when the reader is slow, and after an error. */
  busyMs?: number;
  retryMs?: number;
  format?: Format;
  /** Nothing is written before: another sink on the same place finishes first. */
  after?: Promise<unknown>;
  /** Opens once more then: that sink may have moved away what was opened. */
  anew?: boolean;
}

/** A write costs a turn of the thread pool, so it takes many lines. */
const batchBytes = 256 * 1024;
const newline = 0x0a;

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Lines as bytes, in memory that is used again: one write at a time reads from it. */
class Bytes {
  #memory: Buffer = Buffer.allocUnsafe(0);

  of(entries: readonly Entry[], format: Format): Buffer {
    let end = 0;
    for (const entry of entries) {
      const text = entry.in(format);
      const size = format === native ? entry.size : Buffer.byteLength(text);
      if (end + size > this.#memory.length) this.#grow(end, size);
      // Nearly all text is ASCII, which is faster copied than converted.
      this.#memory.write(text, end, size === text.length ? "latin1" : "utf8");
      end += size;
    }
    return this.#memory.subarray(0, end);
  }

  #grow(used: number, size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(used + size, 2 * this.#memory.length, 4096));
    this.#memory.copy(larger, 0, 0, used);
    this.#memory = larger;
  }
}

export class QueueSink implements Sink {
  readonly name: string;
  readonly stats: SinkStats = freshStats();
  readonly #open: () => Writer;
  readonly #options: Required<QueueOptions>;
  readonly #waiting: Waiting;
  readonly #bytes = new Bytes();
  #writer: Writer;
  #pump: Promise<void> | undefined;
  #reopen = false;
  #state: "open" | "broken" | "closing" | "closed" = "open";

  /** open: called once now, so that a place that cannot be opened is known at start, and at each reopen(). */
  constructor(name: string, open: () => Writer, options: QueueOptions = {}) {
    this.name = name;
    this.#open = open;
    this.#options = {
      maxLines: 16_384,
      maxBytes: 16 * 1024 * 1024,
      busyMs: 10,
      retryMs: 1000,
      format: native,
      after: Promise.resolve(),
      anew: false,
      ...options,
    };
    this.#waiting = new Waiting(this.#options);
    this.#writer = open();
    this.#reopen = this.#options.anew;
  }

  write(entry: Entry): void {
    if (this.#state === "broken") this.stats.dropped.broken++;
    else if (this.#state !== "open") this.stats.dropped.closed++;
    else {
      this.stats.dropped.queue_full += this.#waiting.push(entry);
      this.stats.queued = this.#waiting.length;
      this.#start();
    }
  }

  reopen(): void {
    if (this.#state !== "open") return;
    this.#reopen = true;
    this.#start();
  }

  async close(timeoutMs = 2000): Promise<void> {
    if (this.#state === "closing" || this.#state === "closed") return;
    if (this.#state === "open") this.#state = "closing";
    const deadline = new AbortController();
    const done = this.#pump ?? Promise.resolve();
    await Promise.race([done, sleep(timeoutMs, undefined, { signal: deadline.signal }).catch(() => undefined)]);
    deadline.abort();
    this.#dropAll("closed");
    this.#state = "closed";
    // A write that still hangs keeps its descriptor: closing it under the write could hit another file.
    if (this.#pump === undefined) this.#writer.close();
  }

  #start(): void {
    this.#pump ??= this.#run();
  }

  async #run(): Promise<void> {
    // Lines of one event-loop turn travel together.
    await this.#options.after;
    while (this.#state === "open" || this.#state === "closing") {
      if (this.#reopen) this.#replaceWriter();
      if (this.#waiting.length === 0) break;
      await this.#writeBatch();
    }
    // In the same turn as the last look at the queue: a line that comes later starts a new run.
    this.#pump = undefined;
  }

  #replaceWriter(): void {
    this.#reopen = false;
    try {
      const old = this.#writer;
      this.#writer = this.#open();
      old.close();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** undefined: the first event has no form, and is dropped. */
  #batch(most: number): { entries: Entry[]; all: Buffer } | undefined {
    for (const lines of [Number.POSITIVE_INFINITY, 1]) {
      const entries = this.#waiting.hold(lines, most);
      try {
        return { entries, all: this.#bytes.of(entries, this.#options.format) };
      } catch (error) {
        // One of them; those before it go by themselves.
        if (lines === 1) this.#failed(error);
      }
    }
    this.#waiting.remove(1);
    this.stats.queued = this.#waiting.length;
    this.stats.dropped.refused++;
    return undefined;
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#batch(Math.min(batchBytes, this.#writer.most ?? batchBytes));
    if (batch === undefined) return;
    const { entries, all } = batch;
    const total = all.length;
    let rest = all;
    try {
      this.#writer.begin?.(total);
    } catch (error) {
      // The file could not be changed for a new one: this one goes on.
      this.#failed(error);
    }
    while (rest.length > 0) {
      // Closing went past its deadline: the lines were counted as dropped there.
      if (this.#state === "closed") return;
      try {
        const taken = await this.#writer.write(rest);
        rest = rest.subarray(taken);
      } catch (error) {
        if (codeOf(error) === "EPIPE") {
          this.#failed(error);
          this.#dropAll("broken");
          this.#state = "broken";
          return;
        }
        const busy = codeOf(error) === "EAGAIN";
        if (!busy) {
          this.#failed(error);
          this.stats.retried += entries.length;
        }
        if (!busy && this.#reopen) rest = this.#moveOn(all, rest);
        else await sleep(busy ? this.#options.busyMs : this.#options.retryMs);
      }
    }
    if (this.#waiting.length === 0) return;
    this.#waiting.remove(entries.length);
    this.stats.queued = this.#waiting.length;
    noteDelivery(this.stats, entries, total);
  }

  /** The old place takes no more, and another may be had: the line that it took a part of goes there whole. */
  #moveOn(all: Buffer, rest: Buffer): Buffer {
    const taken = all.length - rest.length;
    const start = taken === 0 ? 0 : all.lastIndexOf(newline, taken - 1) + 1;
    this.#reopen = false;
    if (taken > start) {
      if (this.#writer.retract === undefined) return rest;
      try {
        this.#writer.retract(taken - start);
      } catch (error) {
        this.#failed(error);
        return rest;
      }
    }
    this.#replaceWriter();
    return all.subarray(start);
  }

  #failed(error: unknown): void {
    this.stats.errors++;
    this.stats.lastError = reasonOf(error);
  }

  #dropAll(reason: "broken" | "closed"): void {
    this.stats.dropped[reason] += this.#waiting.clear();
    this.stats.queued = 0;
  }
}
