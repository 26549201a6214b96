// SPDX-License-Identifier: Apache-2.0
// What every sink is. A sink never blocks and never throws into the pipeline: what it cannot take, it drops and counts.

import { type AnyEvent, type Format, native } from "../formats/index.js";
import { severities } from "../vectors/index.js";

/** queue_full, spool_full: no room. refused: the receiver will never take it. damaged: unreadable in the spool. broken: nobody
 *  will ever read (standard output). closed: still there at the stop. */
export const dropReasons = ["queue_full", "spool_full", "refused", "damaged", "broken", "closed"] as const;
export type SinkDropReason = (typeof dropReasons)[number];

/** Upper bounds in seconds; what is longer counts in the total only. */
export const latencyBounds = [0.01, 0.05, 0.25, 1, 5, 60] as const;

/** From the kernel's time stamp to the moment of delivery. */
export interface Latency {
  /** By bound, not cumulative. */
  counts: number[];
  count: number;
  sumSeconds: number;
  /** The last one of each bucket, and of what is above every bound. */
  last: ({ line: string; seconds: number; at: number } | undefined)[];
}

export interface SinkStats {
  /** Events that the receiver acknowledged, or the operating system where there is no receiver that could. */
  delivered: number;
  deliveredBytes: number;
  /** Events that wait, in memory and on disk. */
  queued: number;
  spoolBytes: number;
  /** Events that were sent again. */
  retried: number;
  /** Failed attempts; the events were kept and tried again. */
  errors: number;
  lastError: string;
  /** Unix milliseconds; 0 for never. */
  lastSuccess: number;
  dropped: Record<SinkDropReason, number>;
  latency: Latency;
}

export function freshStats(): SinkStats {
  return {
    delivered: 0,
    deliveredBytes: 0,
    queued: 0,
    spoolBytes: 0,
    retried: 0,
    errors: 0,
    lastError: "",
    lastSuccess: 0,
    dropped: { queue_full: 0, spool_full: 0, refused: 0, damaged: 0, broken: 0, closed: 0 },
    latency: { counts: latencyBounds.map(() => 0), count: 0, sumSeconds: 0, last: [] },
  };
}

/** One event on its way, with its line in the native format, newline included. */
export class Entry {
  readonly line: string;
  /** Index of its severity. */
  readonly rank: number;
  /** Bytes of the line. */
  readonly size: number;
  #event: AnyEvent | undefined;

  constructor(line: string, rank: number, event?: AnyEvent) {
    this.line = line;
    this.rank = rank;
    this.size = Buffer.byteLength(line);
    this.#event = event;
  }

  static of(event: AnyEvent, line: string): Entry {
    return new Entry(line, severities.indexOf(event.severity), event);
  }

  /** Throws a SyntaxError for a line from a spool that somebody damaged. */
  get event(): AnyEvent {
    this.#event ??= JSON.parse(this.line) as AnyEvent;
    return this.#event;
  }

  /** Newline included. */
  in(format: Format): string {
    return format === native ? this.line : format.line(this.event);
  }
}

let shown = { second: "", ms: 0 };

/** Unix milliseconds of an event's own time, NaN if it is none. Many of a second come together, and a date is dear to read. */
function epochMs(time: string): number {
  const second = time.slice(0, 19);
  if (second !== shown.second) shown = { second, ms: Date.parse(`${second}Z`) };
  return shown.ms + Number(time.slice(19, 23)) * 1000;
}

export function noteDelivery(stats: SinkStats, entries: readonly Entry[], bytes: number, now = Date.now()): void {
  stats.delivered += entries.length;
  stats.deliveredBytes += bytes;
  stats.lastSuccess = now;
  for (const { line } of entries) {
    // The first field of that name is the event's own: nothing that others choose stands before it.
    const at = line.indexOf('"time":"');
    const seconds = Math.max(0, (now - epochMs(line.slice(at + 8, at + 31))) / 1000) || 0;
    const { latency } = stats;
    latency.count++;
    latency.sumSeconds += seconds;
    const found = latencyBounds.findIndex((bound) => seconds <= bound);
    if (found >= 0) latency.counts[found] = (latency.counts[found] ?? 0) + 1;
    latency.last[found < 0 ? latencyBounds.length : found] = { line, seconds, at: now };
  }
}

export interface Sink {
  readonly name: string;
  /** Must not block; what cannot be taken is counted. */
  write(entry: Entry): void;
  /** Opens the place anew, between two lines: after rotation. Keeps the old one if that fails. */
  reopen(): void;
  /** Takes no more, waits for what waits at most timeoutMs, and lets go. What is in a spool stays there. */
  close(timeoutMs?: number): Promise<void>;
  /** For the end of the process, if close() hangs in a disk: what is in no lasting place counts as lost. */
  abandon?(): void;
  readonly stats: Readonly<SinkStats>;
}

/** One open place. */
export interface Writer {
  /** Most bytes that it wants at once. */
  readonly most?: number;
  /** Told before the first write of whole lines of so many bytes. */
  begin?(bytes: number): void;
  /** How many of the bytes were taken. Throws an errno error; EAGAIN: try again soon; EPIPE: nobody will ever read. */
  write(bytes: Buffer): Promise<number>;
  /** Takes back the last so many bytes. */
  retract?(bytes: number): void;
  close(): void;
}
