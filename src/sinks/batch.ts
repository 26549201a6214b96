// SPDX-License-Identifier: Apache-2.0
// A sink that sends batches: takes them from its store, tries until they are delivered, and only then lets go of them. So
// each event arrives at least once; its id tells a second arrival.

import { setTimeout as sleep } from "node:timers/promises";
import { printable, reasonOf } from "../errors/index.js";
import { Backoff, type BackoffOptions } from "./backoff.js";
import { type Entry, noteDelivery, type Sink, type SinkStats } from "./sink.js";
import type { Store } from "./store.js";
import { DeliveryError, type Transport } from "./transport.js";

export interface BatchOptions {
  backoff?: BackoffOptions;
  /** What is in the store outlives the sink: a stop need not wait for a dead receiver. */
  lasting: boolean;
  after?: Promise<unknown>;
}

/** Events of one moment travel together. */
const gatherMs = 20;
/** Less than a stop may take: a receiver need not close its side. */
const longestGoodbyeMs = 1000;

export class BatchSink implements Sink {
  readonly name: string;
  readonly stats: SinkStats;
  readonly #store: Store;
  readonly #transport: Transport;
  readonly #backoff: Backoff;
  readonly #lasting: boolean;
  readonly #abort = new AbortController();
  /** Ends a pause between two attempts. */
  readonly #hurry = new AbortController();
  readonly #running: Promise<void>;
  #wake: (() => void) | undefined;
  /** Something came since the last look at the store. */
  #news = false;
  #state: "open" | "closing" | "closed" = "open";

  constructor(name: string, store: Store, transport: Transport, stats: SinkStats, options: BatchOptions) {
    this.name = name;
    this.stats = stats;
    this.#store = store;
    this.#transport = transport;
    this.#backoff = new Backoff(options.backoff ?? { firstMs: 500, longestMs: 60_000 });
    this.#lasting = options.lasting;
    transport.onLoss = () => this.#tell();
    this.#running = this.#run(options.after ?? Promise.resolve());
  }

  write(entry: Entry): void {
    if (this.#state !== "open") {
      this.stats.dropped.closed++;
      return;
    }
    this.#store.push(entry);
    this.#tell();
  }

  reopen(): void {}

  async close(timeoutMs = 2000): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#tell();
    // One more attempt is enough where what is left is kept.
    if (this.#lasting) this.#hurry.abort();
    const end = performance.now() + timeoutMs;
    const timer = setTimeout(() => this.#stop(), timeoutMs);
    await this.#running;
    clearTimeout(timer);
    this.#state = "closed";
    if (!this.#lasting && this.#transport.owes) this.stats.dropped.closed += this.#transport.kept ?? 0;
    await this.#transport.close(Math.min(longestGoodbyeMs, Math.max(0, end - performance.now())));
    this.#store.advance(0, this.#transport.kept);
    await this.#store.close();
  }

  abandon(): void {
    this.#stop();
    this.#store.abandon();
  }

  async #run(after: Promise<unknown>): Promise<void> {
    await after;
    // Given up before it was in use: what it would open may be another's.
    if (this.#state !== "open" && this.stats.queued === 0) return;
    try {
      await this.#store.open();
    } catch (error) {
      this.#failed(error);
    }
    while (!this.#abort.signal.aborted) {
      let batch: readonly Entry[] = [];
      this.#news = false;
      try {
        batch = await this.#store.peek(this.#transport.most);
      } catch (error) {
        this.#failed(error);
        if (this.#state === "closing") return;
        await this.#pause(1000);
        continue;
      }
      if (batch.length > 0) {
        const outcome = await this.#deliver(batch, true);
        if (outcome === "stopped") return;
        if (outcome === "done") this.#store.advance(batch.length, this.#transport.kept);
      } else if (this.#state === "closing" && (this.#lasting || !this.#transport.owes)) return;
      else if (this.#transport.owes) await this.#settle();
      else await this.#idle();
    }
  }

  /** What was sent before and may be lost goes again, though nothing new is there. */
  async #settle(): Promise<void> {
    try {
      await this.#transport.send([], this.#abort.signal);
    } catch (error) {
      this.#failed(error);
      await this.#pause(this.#backoff.wait());
    }
  }

  #tell(): void {
    this.#news = true;
    this.#wake?.();
  }

  async #idle(): Promise<void> {
    // Else what came while the store was looked at would wait for what comes next.
    if (!this.#news) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#state === "open") await this.#pause(gatherMs);
  }

  /** done: all are delivered, or refused for good. Else they stay in the store. later: of all that is in it nothing was taken,
   *  and the store may have found another place for it meanwhile. */
  async #deliver(batch: readonly Entry[], whole = false): Promise<"done" | "later" | "stopped"> {
    let rest = batch;
    while (rest.length > 0) {
      let retryAfterMs = 0;
      try {
        const sent = await this.#transport.send(rest, this.#abort.signal);
        const again = new Set(sent.again);
        const done = rest.filter((entry) => !again.has(entry));
        noteDelivery(this.stats, done.slice(sent.refused), sent.bytes);
        this.stats.dropped.refused += sent.refused;
        if (sent.reason !== undefined) this.#failed(new Error(sent.reason));
        if (done.length > 0) this.#backoff.reset();
        rest = sent.again;
        retryAfterMs = sent.retryAfterMs ?? 0;
      } catch (error) {
        if (this.#abort.signal.aborted) return "stopped";
        this.#failed(error);
        if (error instanceof DeliveryError) {
          retryAfterMs = error.retryAfterMs;
          if (error.indigestible) return this.#divide(rest);
        }
      }
      if (rest.length === 0) return "done";
      if (this.#state === "closing" && this.#lasting) return "stopped";
      this.stats.retried += rest.length;
      await this.#pause(this.#backoff.wait(retryAfterMs));
      if (this.#abort.signal.aborted) return "stopped";
      if (whole && rest.length === batch.length) return "later";
    }
    return "done";
  }

  /** Finds what the receiver does not like by halves, so that one such event holds up no other. */
  async #divide(batch: readonly Entry[]): Promise<"done" | "later" | "stopped"> {
    if (batch.length === 1) {
      this.stats.dropped.refused++;
      return "done";
    }
    const half = Math.ceil(batch.length / 2);
    const first = await this.#deliver(batch.slice(0, half));
    return first === "done" ? this.#deliver(batch.slice(half)) : first;
  }

  #stop(): void {
    this.#hurry.abort();
    this.#abort.abort();
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
  }

  #failed(error: unknown): void {
    this.stats.errors++;
    // A receiver chooses what its certificate says.
    this.stats.lastError = printable(reasonOf(error), 400);
  }
}
