// SPDX-License-Identifier: Apache-2.0
// The file of a spool that says what need not be sent again. It stays behind what was read for as long as a transport may
// have to repeat it.

import { constants } from "node:fs";
import { type FileHandle, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Lock } from "./lock.js";
import { findSegments, type Segment } from "./segment.js";

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

export interface Place {
  /** Of the segment. */
  number: number;
  offset: number;
  /** Before it in the segment. */
  lines: number;
}

/** The beginning where there is none, or what is there is no use: then what was delivered comes again. */
async function readCursor(directory: string): Promise<Place> {
  const text = await readFile(join(directory, "cursor"), "utf8").catch(() => "");
  const match = /^(\d{1,12}) (\d{1,12}) (\d{1,12}) *\n$/.exec(text);
  return { number: Number(match?.[1] ?? 0), offset: Number(match?.[2] ?? 0), lines: Number(match?.[3] ?? 0) };
}

/** What an earlier run left: segments from the cursor on, and where to begin in the first of them. */
export async function findLeft(directory: string) {
  const found = await findSegments(directory);
  const { number, offset, lines } = await readCursor(directory);
  for (const old of found) if (old.number < number) await unlink(old.path).catch(() => undefined);
  const segments = found.filter((one) => one.number >= number);
  const known = segments[0]?.number === number && offset <= segments[0].bytes;
  const next = Math.max(number, segments.at(-1)?.number ?? 0) + 1;
  return { segments, next, offset: known ? offset : 0, lines: known ? lines : 0 };
}

export class Cursor {
  #file: FileHandle | undefined;
  /** What was read and may be repeated, oldest first, by batches. */
  #trail: { from: Place; count: number }[] = [];
  #count = 0;
  /** Oldest first. */
  #behind: Segment[] = [];
  #behindBytes = 0;

  async open(directory: string): Promise<void> {
    this.#file = await open(join(directory, "cursor"), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  }

  read(from: Place, count: number): void {
    this.#trail.push({ from, count });
    this.#count += count;
  }

  /** Of what was read at most the last `count` are repeated. */
  keep(count: number): void {
    this.#forget((first) => this.#count - first.count >= count);
  }

  /** The reader is through with it. */
  async leave(segment: Segment, here: Place): Promise<void> {
    this.#behind.push(segment);
    this.#behindBytes += segment.bytes;
    await this.letGo(here);
  }

  /** Removes segments that need not be repeated, and the oldest of the others for which there is no room. */
  async letGo(here: Place, room = Number.POSITIVE_INFINITY): Promise<void> {
    for (let last = this.#behind[0]; last !== undefined; last = this.#behind[0]) {
      const { number, bytes, path } = last;
      if (number >= this.#from(here).number && this.#behindBytes <= room) return;
      this.#forget(({ from }) => from.number <= number);
      this.#behind.shift();
      this.#behindBytes -= bytes;
      await unlink(path).catch(() => undefined);
    }
  }

  #forget(isDone: (first: { from: Place; count: number }) => boolean): void {
    for (let first = this.#trail[0]; first !== undefined && isDone(first); first = this.#trail[0]) {
      this.#trail.shift();
      this.#count -= first.count;
    }
  }

  /** Where the next run begins, if the reader is here. */
  #from(here: Place): Place {
    return this.#trail[0]?.from ?? here;
  }

  save(here: Place, lock: Lock): void {
    const { number, offset, lines } = this.#from(here);
    const text = `${number} ${offset} ${lines}`.padEnd(63);
    lock.lastly(async () => {
      await this.#file?.write(`${text}\n`, 0);
    });
  }

  async close(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }
}
