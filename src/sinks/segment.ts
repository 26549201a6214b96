// SPDX-License-Identifier: Apache-2.0
// The files of a spool: NUMBER.ndjson, each line an event behind the digit of its severity. Only whole lines count: what
// a crash cut off at the end is no event.

import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
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

/** Lines that are whole, and how many were no such lines. */
export function decode(block: Buffer, offset: number): { stored: Stored[]; damaged: number } {
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
  return { stored, damaged };
}

export async function createSegment(directory: string, number: number): Promise<FileHandle> {
  return open(segmentPath(directory, number), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
}

/** At most a block, from an offset up to a limit. */
export async function readBlock(path: string, offset: number, limit: number): Promise<Buffer> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW);
  try {
    const block = Buffer.alloc(Math.min(blockBytes, Math.max(0, limit - offset)));
    const { bytesRead } = await file.read(block, 0, block.length, offset);
    return block.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function measure(directory: string, number: number): Promise<Segment> {
  const path = segmentPath(directory, number);
  const { size } = await stat(path);
  const segment: Segment = { number, path, bytes: 0, lines: 0, floor: 0 };
  for (let offset = 0; offset < size; ) {
    const block = await readBlock(path, offset, size);
    if (block.length === 0) break;
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, at + 1)) {
      segment.lines++;
      segment.bytes = offset + at + 1;
    }
    offset += block.length;
  }
  return segment;
}

/** Those that an earlier run left, oldest first. */
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

/** Takes all lines up to a severity out of a segment; returns how many. The file is gone if nothing is left. */
export async function thin(segment: Segment, rank: number): Promise<number> {
  const kept: Buffer[] = [];
  let lines = 0;
  let lost = 0;
  for (let offset = 0; offset < segment.bytes; ) {
    const block = await readBlock(segment.path, offset, segment.bytes);
    let from = 0;
    for (let at = block.indexOf(newline); at >= 0; at = block.indexOf(newline, from)) {
      if ((block[from] ?? 0) - digitZero > rank) {
        kept.push(block.subarray(from, at + 1));
        lines++;
      } else lost++;
      from = at + 1;
    }
    if (from === 0) break;
    offset += from;
  }
  segment.floor = rank + 1;
  if (lost === 0) return 0;
  if (kept.length === 0) await unlink(segment.path);
  else {
    const file = await open(`${segment.path}.new`, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await file.writev(kept);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${segment.path}.new`, segment.path);
  }
  segment.bytes = kept.reduce((sum, { length }) => sum + length, 0);
  segment.lines = lines;
  return lost;
}
