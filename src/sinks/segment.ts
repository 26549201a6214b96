// SPDX-License-Identifier: Apache-2.0
// The files of a spool: NUMBER.ndjson, each line an event behind the digit of its severity. Only whole lines count: what
// a crash cut off at the end is no event.

import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "../errors/index.js";
import { severities } from "../vectors/index.js";
import { Entry } from "./sink.js";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

const newline = 0x0a;
const digitZero = 0x30;
/** Digit and blank. */
const prefix = 2;

/** Bytes that are read at once. */
export const blockBytes = 512 * 1024;

export interface Segment {
  number: number;
  path: string;
  /** Up to the last whole line. */
  bytes: number;
  lines: number;
  /** lines says how many there are: of what an earlier run left it is known later. */
  counted: boolean;
  /** No line of it has a lower severity, as far as is known. */
  floor: number;
}

export interface Stored {
  entry: Entry;
  /** Where the next line begins. */
  end: number;
}

export const segmentPath = (directory: string, number: number): string =>
  join(directory, `${String(number).padStart(12, "0")}.ndjson`);

export const encode = ({ rank, line }: Entry): string => `${rank} ${line}`;

/** Lines that are whole, how many were no such lines, and where the last one ends. */
export function decode(block: Buffer, offset: number): { stored: Stored[]; damaged: number; end: number } {
  const stored: Stored[] = [];
  let damaged = 0;
  let from = 0;
  for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, from)) {
    const rank = (block[from] ?? 0) - digitZero;
    // Somebody may have written into the file: what is no event must not be sent as one.
    if (rank >= 0 && rank < severities.length && block[from + prefix] === 0x7b) {
      stored.push({ entry: new Entry(block.toString("utf8", from + prefix, at + 1), rank), end: offset + at + 1 });
    } else damaged++;
    from = at + 1;
  }
  // What is damaged behind it is counted now, and not once more with the next block.
  const last = stored.at(-1);
  if (last !== undefined) last.end = offset + from;
  return { stored, damaged, end: offset + from };
}

/** The first of them that a batch takes; at least one. */
export function firstOf(stored: readonly Stored[], most: { events: number; bytes: number }): Entry[] {
  let count = 0;
  for (let bytes = 0; count < stored.length && count < most.events; count++) {
    bytes += stored[count]?.entry.size ?? 0;
    if (count > 0 && bytes > most.bytes) break;
  }
  return stored.slice(0, count).map(({ entry }) => entry);
}

export async function createSegment(
  directory: string,
  number: number,
): Promise<{ file: FileHandle; segment: Segment }> {
  const path = segmentPath(directory, number);
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  return { file, segment: { number, path, bytes: 0, lines: 0, counted: true, floor: 0 } };
}

/** At the end of a segment. Where the disk refuses, nothing is left of it: it would come again after a restart, behind what
 *  is newer. */
export async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
      if (bytesWritten === 0) throw new Error("the disk took nothing");
      done += bytesWritten;
    }
  } catch (error) {
    await file.truncate(at).catch(() => undefined);
    throw error;
  }
}

/** The file is gone, is not ours, or its disk does not give it: another attempt would come to the same. */
export class Unreadable extends Error {}

/** At most a block, from an offset up to a limit. Throws Unreadable. */
export async function readBlock(path: string, offset: number, limit: number): Promise<Buffer> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW);
    try {
      const block = Buffer.alloc(Math.min(blockBytes, Math.max(0, limit - offset)));
      const { bytesRead } = await file.read(block, 0, block.length, offset);
      return block.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (["ENOENT", "EIO", "ELOOP", "EISDIR"].includes(code)) throw new Unreadable(reasonOf(cause), { cause });
    throw cause;
  }
}

/** The lines of a block. Throws Unreadable. */
export async function readLines({ path, bytes }: Segment, offset: number): Promise<ReturnType<typeof decode>> {
  const lines = decode(await readBlock(path, offset, bytes), offset);
  // No line in a whole block: the rest of this file is not ours.
  if (lines.stored.length === 0 && lines.damaged === 0) throw new Unreadable("it holds no lines");
  return lines;
}

function otherwise<Result>(error: unknown, result: Result): Result {
  if (error instanceof Unreadable) return result;
  throw error;
}

/** Where the last whole line ends. */
async function endOf(path: string): Promise<number> {
  for (let end = (await lstat(path)).size; end > 0; ) {
    const from = Math.max(0, end - blockBytes);
    const at = (await readBlock(path, from, end)).lastIndexOf(newline);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}

async function measure(directory: string, number: number): Promise<Segment> {
  const path = segmentPath(directory, number);
  // One that cannot be read looks as if there were something in it: whoever reads it counts that as lost.
  const bytes = await endOf(path).catch((error) => otherwise(error, 1));
  return { number, path, bytes, lines: 0, counted: false, floor: 0 };
}

async function countLines({ path, bytes }: Segment): Promise<number> {
  let lines = 0;
  for (let offset = 0; offset < bytes; ) {
    const block = await readBlock(path, offset, bytes);
    if (block.length === 0) break;
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) lines++;
    offset += block.length;
  }
  return lines;
}

/** Each that is not counted yet; returns how many lines were found. */
export async function countEach(segments: readonly Segment[]): Promise<number> {
  let found = 0;
  for (const segment of segments.filter(({ counted }) => !counted)) {
    const lines = await countLines(segment).catch((error) => otherwise(error, 1));
    // It may have been thinned meanwhile.
    if (segment.counted) continue;
    Object.assign(segment, { lines, counted: true });
    found += lines;
  }
  return found;
}

/** Those that an earlier run left, oldest first. Quick, however much it is: their lines are not counted. */
export async function findSegments(directory: string): Promise<Segment[]> {
  const names = await readdir(directory);
  for (const name of names.filter((one) => one.endsWith(".new"))) await unlink(join(directory, name));
  const numbers = names.flatMap((name) => {
    const match = /^(\d{12})\.ndjson$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  const segments: Segment[] = [];
  for (const number of numbers.sort((one, other) => one - other)) segments.push(await measure(directory, number));
  return segments;
}

/** Takes all lines up to a severity out of a segment; returns how many. The file is gone if nothing is left. Throws Unreadable. */
export async function thin(segment: Segment, rank: number): Promise<number> {
  const kept: Buffer[] = [];
  let lines = 0;
  const before = segment.counted ? segment.lines : await countLines(segment);
  for (let offset = 0; offset < segment.bytes; ) {
    const block = await readBlock(segment.path, offset, segment.bytes);
    let from = 0;
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, from)) {
      if ((block[from] ?? 0) - digitZero > rank) {
        kept.push(block.subarray(from, at + 1));
        lines++;
      }
      from = at + 1;
    }
    if (from === 0) break;
    offset += from;
  }
  const lost = before - lines;
  const bytes = kept.reduce((sum, { length }) => sum + length, 0);
  if (lost > 0 && bytes === 0) await unlink(segment.path);
  else if (lost > 0) await replace(segment.path, kept, bytes);
  Object.assign(segment, { bytes, lines, counted: true, floor: rank + 1 });
  return lost;
}

/** All of it, or nothing has changed. */
async function replace(path: string, lines: Buffer[], bytes: number): Promise<void> {
  const unfinished = `${path}.new`;
  const file = await open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      // Where space ends in the middle, a part is taken and no error told.
      const { bytesWritten } = await file.writev(lines);
      if (bytesWritten !== bytes) throw new Error("the disk took only a part");
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    throw error;
  }
}
