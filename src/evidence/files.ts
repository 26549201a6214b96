// SPDX-License-Identifier: Apache-2.0
// Log files in the order in which they were written, whatever order they are named in, and their lines as bytes.

import { closeSync, createReadStream, fstatSync, openSync, readSync } from "node:fs";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { hashLine } from "./chain.js";
import type { VerifyResult } from "./result.js";
import { Verifier } from "./verify.js";

const newline = 0x0a;
/** No event is near this long; keeps a wrong file from filling memory. */
const maxLine = 1024 * 1024;

interface Ends {
  path: string;
  /** Hash of the line before the file's first one, as that one has it. */
  prev: string | undefined;
  last: string | undefined;
  time: string;
}

/** First and last whole line. */
function endsOf(path: string): Ends {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(Math.min(size, maxLine));
    readSync(fd, head, 0, head.length, 0);
    const tail = Buffer.alloc(Math.min(size, maxLine));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(newline);
    const begin = end > 0 ? tail.lastIndexOf(newline, end - 1) : -1;
    const { prev, time } = firstOf(head);
    return { path, prev, time, last: end < 0 ? undefined : hashLine(tail.subarray(begin + 1, end)) };
  } finally {
    closeSync(fd);
  }
}

function firstOf(head: Buffer): { prev: string | undefined; time: string } {
  try {
    const end = head.indexOf(newline);
    const { prev, time } = JSON.parse(head.toString("utf8", 0, end < 0 ? head.length : end)) as Record<string, unknown>;
    return { prev: typeof prev === "string" ? prev : undefined, time: String(time ?? "") };
  } catch {
    return { prev: undefined, time: "" };
  }
}

/** A file follows the one whose last line it names; those that follow none come by time. The chain, not this order, is
 *  what is verified after. */
export function inOrder(paths: readonly string[]): string[] {
  const ends = paths.map(endsOf);
  const byPrev = new Map(ends.flatMap((one) => (one.prev === undefined ? [] : [[one.prev, one] as const])));
  const lasts = new Set(ends.map(({ last }) => last));
  const heads = ends.filter(({ prev }) => prev === undefined || !lasts.has(prev));
  heads.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
  const ordered: string[] = [];
  for (const head of [...heads, ...ends]) {
    for (let one: Ends | undefined = head; one !== undefined && !ordered.includes(one.path); ) {
      ordered.push(one.path);
      one = one.last === undefined ? undefined : byPrev.get(one.last);
    }
  }
  return ordered;
}

/** Throws what reading throws. A last line without its newline counts. */
async function* linesOf(path: string): AsyncGenerator<Buffer, void, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(newline, from); at >= 0; at = bytes.indexOf(newline, from)) {
      yield bytes.subarray(from, at);
      from = at + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > maxLine) throw new Error(`a line of more than ${maxLine} bytes`);
  }
  if (rest.length > 0) yield rest;
}

/** Throws LOG_UNREADABLE. */
export async function verifyFiles(paths: readonly string[], key?: string): Promise<VerifyResult> {
  let current = paths[0] ?? "";
  try {
    for (const path of paths) {
      current = path;
      endsOf(path);
    }
    const verifier = new Verifier(key);
    for (const path of inOrder([...new Set(paths)])) {
      current = path;
      let number = 0;
      for await (const line of linesOf(path)) {
        number++;
        if (line.length > 0) verifier.take(line, `${path}:${number}`);
      }
    }
    return verifier.end();
  } catch (cause) {
    throw new CloudtaserError("LOG_UNREADABLE", { target: current, fields: { reason: reasonOf(cause) }, cause });
  }
}
