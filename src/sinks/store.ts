// SPDX-License-Identifier: Apache-2.0
// Where events wait for a transport: in memory alone, or on disk (spool.ts).

import type { Entry, SinkStats } from "./sink.js";
import { Waiting, type WaitingLimits } from "./waiting.js";

export interface Store {
  /** Finds what an earlier run left. */
  open(): Promise<void>;
  /** Never blocks, never throws. */
  push(entry: Entry): void;
  /** The next ones, oldest first; [] if there is none. The same again until advance(). */
  peek(most: { events: number; bytes: number }): Promise<readonly Entry[]>;
  /** The first ones of the last peek are done with. @param kept the last so many of all may come again in the next run */
  advance(count: number, kept?: number): void;
  /** Puts what is in memory where it outlives the process, if there is such a place; else counts it as lost. */
  close(): Promise<void>;
  /** Counts as lost what is in memory: close() hangs, and the process ends. */
  abandon(): void;
}

export class MemoryStore implements Store {
  readonly #waiting: Waiting;
  readonly #stats: SinkStats;

  constructor(limits: WaitingLimits, stats: SinkStats) {
    this.#waiting = new Waiting(limits);
    this.#stats = stats;
  }

  async open(): Promise<void> {}

  push(entry: Entry): void {
    this.#stats.dropped.queue_full += this.#waiting.push(entry);
    this.#stats.queued = this.#waiting.length;
  }

  async peek({ events, bytes }: { events: number; bytes: number }): Promise<readonly Entry[]> {
    return this.#waiting.hold(events, bytes);
  }

  advance(count: number): void {
    this.#waiting.remove(count);
    this.#stats.queued = this.#waiting.length;
  }

  async close(): Promise<void> {
    this.abandon();
  }

  abandon(): void {
    this.#stats.dropped.closed += this.#waiting.clear();
    this.#stats.queued = 0;
  }
}
