// SPDX-License-Identifier: Apache-2.0
// Events on disk until they are delivered: one segment is written at a time and synced when the next begins; a cursor says
// what was delivered. A crash loses what had not reached the disk's cache, and may repeat what was delivered last. While
// the disk refuses, events wait in memory and are delivered from there.

import { type FileHandle, mkdir, unlink } from "node:fs/promises";
import { reasonOf } from "../errors/index.js";
import { Cursor, findLeft, type Place } from "./cursor.js";
import { Lock } from "./lock.js";
import {
  countEach,
  createSegment,
  encode,
  firstOf,
  readLines,
  type Segment,
  type Stored,
  thin,
  Unreadable,
  writeAt,
} from "./segment.js";
import type { Entry, SinkStats } from "./sink.js";
import type { Store } from "./store.js";
import { Waiting, type WaitingLimits } from "./waiting.js";

export interface SpoolOptions extends WaitingLimits {
  directory: string;
  maxSpoolBytes: number;
  /** For tests. */
  segmentBytes?: number;
}

const MiB = 1024 * 1024;
/** What one write takes. */
const flushBytes = MiB;
const retryMs = 1000;
/** Making room costs the reading of segments, so it is made for more than one event. */
const roomShare = 0.9;

export class Spool implements Store {
  readonly #options: Required<SpoolOptions>;
  readonly #stats: SinkStats;
  readonly #waiting: Waiting;
  readonly #lock = new Lock();
  /** Oldest first; the last one is being written while #file is open. */
  #segments: Segment[] = [];
  #file: FileHandle | undefined;
  #next = 1;
  /** Sums over all segments. */
  #bytes = 0;
  #lines = 0;
  /** Of the oldest segment. */
  #offset = 0;
  #delivered = 0;
  #loaded: Stored[] = [];
  readonly #cursor = new Cursor();
  #opened = false;
  /** There is something, and how much is not known yet: it must not look empty. */
  #counting = false;
  #failing = false;
  /** What the last peek gave came from memory. */
  #fromMemory = false;
  #flushing: Promise<void> | undefined;
  #lastTry = 0;

  constructor(options: SpoolOptions, stats: SinkStats) {
    const segmentBytes = Math.min(4 * MiB, Math.floor(options.maxSpoolBytes / 8));
    this.#options = { segmentBytes, ...options };
    this.#stats = stats;
    this.#waiting = new Waiting(options);
  }

  async open(): Promise<void> {
    const { directory } = this.#options;
    this.#lastTry = performance.now();
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const left = await findLeft(directory);
      this.#segments = left.segments;
      this.#bytes = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
      this.#next = left.next;
      this.#offset = left.offset;
      this.#delivered = left.lines;
      await this.#cursor.open(directory);
      this.#opened = true;
      this.#failing = false;
      this.#saveCursor();
      // What comes meanwhile need not wait in memory until all that was left is counted.
      this.#counting = this.#segments.length > 0;
      if (this.#waiting.length > 0) this.#flushing ??= this.#flush();
      const lines = await countEach(this.#segments);
      this.#lines += lines;
    } catch (error) {
      this.#failed(error);
    }
    this.#counting = false;
    this.#count();
  }

  push(entry: Entry): void {
    this.#stats.dropped.queue_full += this.#waiting.push(entry);
    this.#count();
    this.#flushing ??= this.#flush();
  }

  async peek(most: { events: number; bytes: number }): Promise<readonly Entry[]> {
    if (this.#fromMemory) this.#waiting.release();
    this.#fromMemory = false;
    const due = !this.#failing || performance.now() - this.#lastTry > retryMs;
    if (due && !this.#opened) await this.open();
    if (due && this.#waiting.length > 0) this.#flushing ??= this.#flush();
    await this.#lock.run(() => this.#load());
    if (this.#loaded.length > 0) return firstOf(this.#loaded, most);
    // Written in a moment: then there is something on disk, or the disk refuses.
    if (this.#flushing !== undefined) {
      await this.#flushing;
      return this.peek(most);
    }
    if (!this.#failing) return [];
    this.#fromMemory = true;
    return this.#waiting.hold(most.events, most.bytes);
  }

  advance(count: number, kept = 0): void {
    if (this.#fromMemory) this.#waiting.remove(count);
    else {
      if (kept > 0 && count > 0) this.#cursor.read(this.#here(), count);
      const last = this.#loaded[count - 1];
      if (last !== undefined) this.#offset = last.end;
      this.#loaded.splice(0, count);
      this.#delivered += count;
    }
    this.#cursor.keep(kept);
    this.#saveCursor();
    this.#count();
  }

  async close(): Promise<void> {
    await this.#flushing;
    if (this.#fromMemory) this.#waiting.release();
    this.#fromMemory = false;
    if (this.#waiting.length > 0) {
      if (!this.#opened) await this.open();
      await this.#flush();
    }
    await this.#lock.run(async () => {
      await this.#finish().catch(() => undefined);
      await this.#cursor.letGo(this.#here());
      await this.#cursor.close();
    });
    this.abandon();
  }

  abandon(): void {
    this.#stats.dropped.closed += this.#waiting.clear();
    this.#count();
  }

  /** Memory to disk, until memory is empty or the disk refuses. */
  async #flush(): Promise<void> {
    await Promise.resolve();
    if (!this.#opened || this.#fromMemory) {
      this.#flushing = undefined;
      return;
    }
    this.#lastTry = performance.now();
    try {
      while (this.#waiting.length > 0) await this.#lock.run(() => this.#writeSome());
      this.#failing = false;
    } catch (error) {
      this.#waiting.release();
      this.#failed(error);
    }
    this.#flushing = undefined;
    this.#count();
  }

  async #writeSome(): Promise<void> {
    // Before, too: where no room can be made, nothing more is written.
    await this.#makeRoom();
    const entries = this.#waiting.hold(Number.POSITIVE_INFINITY, Math.min(flushBytes, this.#options.segmentBytes));
    const segment = await this.#current();
    const bytes = Buffer.from(entries.map(encode).join(""));
    if (this.#file !== undefined) await writeAt(this.#file, bytes, segment.bytes);
    segment.bytes += bytes.length;
    segment.lines += entries.length;
    this.#bytes += bytes.length;
    this.#lines += entries.length;
    segment.floor = Math.min(segment.floor, ...entries.map(({ rank }) => rank));
    this.#waiting.remove(entries.length);
    if (segment.bytes >= this.#options.segmentBytes) await this.#finish();
    await this.#makeRoom();
    this.#count();
  }

  async #current(): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (this.#file !== undefined && last !== undefined) return last;
    const { file, segment } = await createSegment(this.#options.directory, this.#next++);
    this.#file = file;
    this.#segments.push(segment);
    return segment;
  }

  /** The segment is synced and closed; the next write begins another. */
  async #finish(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.sync();
    } finally {
      await file?.close();
    }
  }

  async #makeRoom(): Promise<void> {
    const { maxSpoolBytes } = this.#options;
    // Rather than what was not sent at all.
    await this.#cursor.letGo(this.#here(), maxSpoolBytes - this.#bytes);
    if (this.#bytes <= maxSpoolBytes) return;
    const enough = maxSpoolBytes * roomShare;
    for (let rank = 0; rank <= 4; rank++) {
      // Not the one that is being read, nor the one that is being written.
      for (const segment of this.#segments.slice(1, this.#file === undefined ? undefined : -1)) {
        if (this.#bytes <= enough) break;
        if (segment.floor > rank) continue;
        const { bytes, lines } = segment;
        const lost = await thin(segment, rank).catch((error) => this.#lose(segment, error));
        this.#bytes -= bytes - segment.bytes;
        this.#lines += segment.lines - lines;
        this.#stats.dropped.spool_full += lost;
      }
      this.#segments = this.#segments.filter(({ lines, counted }, index) => lines > 0 || !counted || index === 0);
    }
  }

  async #load(): Promise<void> {
    while (this.#loaded.length === 0) {
      const segment = this.#segments[0];
      if (segment === undefined) return;
      if (this.#offset >= segment.bytes) {
        if (this.#file !== undefined && this.#segments.length === 1) return;
        this.#segments.shift();
        this.#bytes -= segment.bytes;
        this.#lines -= segment.lines;
        this.#offset = 0;
        this.#delivered = 0;
        this.#saveCursor();
        await this.#cursor.leave(segment, this.#here());
        continue;
      }
      try {
        const { stored, damaged, end } = await readLines(segment, this.#offset);
        this.#stats.dropped.damaged += damaged;
        this.#loaded = stored;
        if (stored.length === 0) this.#offset = end;
      } catch (error) {
        await this.#lose(segment, error);
      }
    }
  }

  /** What is left of a segment that cannot be read. The one that is being written is written no further. */
  async #lose(segment: Segment, error: unknown): Promise<number> {
    if (!(error instanceof Unreadable)) throw error;
    if (segment === this.#segments.at(-1)) await this.#finish().catch(() => undefined);
    const first = segment === this.#segments[0];
    this.#stats.dropped.damaged += Math.max(1, segment.lines - (first ? this.#delivered : 0));
    this.#note(error);
    if (first) this.#offset = segment.bytes;
    else Object.assign(segment, { bytes: 0, lines: 0, counted: true });
    if (!first) await unlink(segment.path).catch(() => undefined);
    return 0;
  }

  #here(): Place {
    return { number: this.#segments[0]?.number ?? this.#next, offset: this.#offset, lines: this.#delivered };
  }

  #saveCursor(): void {
    this.#cursor.save(this.#here(), this.#lock);
  }

  #count(): void {
    this.#stats.queued = this.#waiting.length + Math.max(this.#counting ? 1 : 0, this.#lines - this.#delivered);
    this.#stats.spoolBytes = this.#bytes;
  }

  #failed(error: unknown): void {
    this.#failing = true;
    this.#note(error);
  }

  #note(error: unknown): void {
    this.#stats.errors++;
    this.#stats.lastError = `spool: ${reasonOf(error)}`;
  }
}
