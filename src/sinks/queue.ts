// SPDX-License-Identifier: Apache-2.0
// The bounded queue before every sink: batches lines, finishes what was begun, retries what failed, drops the newest when full.

import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../errors/index.js";
import type { Sink, SinkStats, Writer } from "./sink.js";

export interface QueueOptions {
  maxLines?: number;
  maxBytes?: number;
  /** Between two attempts when the reader is slow, and after an error. */
  busyMs?: number;
  retryMs?: number;
}

const batchBytes = 64 * 1024;

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

export class QueueSink implements Sink {
  readonly name: string;
  readonly stats: SinkStats = {
    written: 0,
    writtenBytes: 0,
    queued: 0,
    errors: 0,
    lastError: "",
    dropped: { queue_full: 0, broken: 0, closed: 0 },
  };
  readonly #open: () => Writer;
  readonly #limits: Required<QueueOptions>;
  #writer: Writer;
  #lines: string[] = [];
  #bytes = 0;
  #pump: Promise<void> | undefined;
  #reopen = false;
  #state: "open" | "broken" | "closing" | "closed" = "open";

  /** open: called once now, so that a place that cannot be opened is known at start, and at each reopen(). */
  constructor(name: string, open: () => Writer, options: QueueOptions = {}) {
    this.name = name;
    this.#open = open;
    this.#limits = { maxLines: 16_384, maxBytes: 16 * 1024 * 1024, busyMs: 10, retryMs: 1000, ...options };
    this.#writer = open();
  }

  write(line: string): void {
    const size = Buffer.byteLength(line);
    if (this.#state === "broken") this.stats.dropped.broken++;
    else if (this.#state !== "open") this.stats.dropped.closed++;
    else if (this.#lines.length >= this.#limits.maxLines || this.#bytes + size > this.#limits.maxBytes) {
      this.stats.dropped.queue_full++;
    } else {
      this.#lines.push(line);
      this.#bytes += size;
      this.stats.queued = this.#lines.length;
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
    await Promise.resolve();
    while (this.#state === "open" || this.#state === "closing") {
      if (this.#reopen) this.#replaceWriter();
      if (this.#lines.length === 0) break;
      await this.#writeBatch();
    }
    // In the same turn as the last look at the queue: a line that comes later starts a new run.
    this.#pump = undefined;
  }

  #replaceWriter(): void {
    this.#reopen = false;
    try {
      const fresh = this.#open();
      this.#writer.close();
      this.#writer = fresh;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #writeBatch(): Promise<void> {
    let count = 0;
    let size = 0;
    while (count < this.#lines.length && (count === 0 || size < batchBytes)) size += this.#lines[count++]?.length ?? 0;
    let rest = Buffer.from(this.#lines.slice(0, count).join(""));
    const total = rest.length;
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
        if (!busy) this.#failed(error);
        await sleep(busy ? this.#limits.busyMs : this.#limits.retryMs);
      }
    }
    if (this.#lines.length === 0) return;
    this.#lines.splice(0, count);
    this.#bytes -= total;
    this.stats.queued = this.#lines.length;
    this.stats.written += count;
    this.stats.writtenBytes += total;
  }

  #failed(error: unknown): void {
    this.stats.errors++;
    this.stats.lastError = reasonOf(error);
  }

  #dropAll(reason: "broken" | "closed"): void {
    this.stats.dropped[reason] += this.#lines.length;
    this.#lines = [];
    this.#bytes = 0;
    this.stats.queued = 0;
  }
}
