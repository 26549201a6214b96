// SPDX-License-Identifier: Apache-2.0
// Log files in the order in which they were written, whatever order they are named in, and their lines as bytes.

import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { hashLine, noLine } from "./chain.js";
import type { VerifyResult } from "./result.js";
import { Verifier } from "./verify.js";

const newline = 0x0a;
/** No event is near this long; keeps a wrong file from filling memory. */
const maxLine = 1024 * 1024;

interface LogFile {
  path: string;
  fd: number;
}

/** How often a set of files is opened anew because they were rotated meanwhile, and the pause before. */
const rounds = 10;
const pauseMs = 50;

function closeAll(files: readonly LogFile[]): void {
  for (const { fd } of files) closeSync(fd);
}

/** Throws LOG_UNREADABLE. */
function openSet(paths: readonly string[]): LogFile[] {
  const files: LogFile[] = [];
  for (const path of paths) {
    try {
      files.push({ path, fd: openSync(path, "r") });
    } catch (cause) {
      closeAll(files);
      throw unreadable(path, cause);
    }
  }
  return files;
}

function isStillThere({ path, fd }: LogFile): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  const { dev, ino } = fstatSync(fd);
  return found?.dev === dev && found.ino === ino;
}

/** All of them as they stood at one moment, however the agent rotates them: held open, they are what they are. */
async function openTogether(paths: readonly string[]): Promise<LogFile[]> {
  for (let round = 1; ; round++) {
    try {
      const files = openSet(paths);
      if (round === rounds || files.every(isStillThere)) return files;
      closeAll(files);
    } catch (error) {
      // Between two names a file has none for a moment.
      const { cause } = error as Error;
      const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
      if (!missing || round === rounds) throw error;
    }
    await sleep(pauseMs);
  }
}

const unreadable = (path: string, cause: unknown): CloudtaserError =>
  new CloudtaserError("LOG_UNREADABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });

interface Ends {
  file: LogFile;
  /** Hash of the line before the file's first one, as that one has it. */
  prev: string | undefined;
  last: string | undefined;
  time: string;
}

/** First and last whole line. Throws LOG_UNREADABLE. */
function endsOf(file: LogFile): Ends {
  const { path, fd } = file;
  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(Math.min(size, maxLine));
    readSync(fd, head, 0, head.length, 0);
    const tail = Buffer.alloc(Math.min(size, maxLine));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(newline);
    const begin = end > 0 ? tail.lastIndexOf(newline, end - 1) : -1;
    const { prev, time } = firstOf(head);
    return { file, prev, time, last: end < 0 ? undefined : hashLine(tail.subarray(begin + 1, end)) };
  } catch (cause) {
    throw unreadable(path, cause);
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

/** Files of which each follows on the last line of the one before. */
function chainsOf(ends: readonly Ends[]): Ends[][] {
  const byPrev = new Map(ends.flatMap((one) => (one.prev === undefined ? [] : [[one.prev, one] as const])));
  const lasts = new Set(ends.map(({ last }) => last));
  const heads = ends.filter(({ prev }) => prev === undefined || !lasts.has(prev));
  const taken = new Set<Ends>();
  const chains: Ends[][] = [];
  for (const head of [...heads, ...ends]) {
    const chain: Ends[] = [];
    for (let one: Ends | undefined = head; one !== undefined && !taken.has(one); ) {
      taken.add(one);
      chain.push(one);
      one = one.last === undefined ? undefined : byPrev.get(one.last);
    }
    if (chain.length > 0) chains.push(chain);
  }
  return chains;
}

const checkpoint = '"type":"CHECKPOINT"';

/** After a crash a run follows on a checkpoint in the middle of a file: which chain that is in. Throws LOG_UNREADABLE. */
async function forerunnersOf(chains: readonly Ends[][]): Promise<Map<Ends[], Ends[]>> {
  const wanted = new Map<string, Ends[][]>();
  for (const chain of chains) {
    const prev = chain[0]?.prev;
    if (prev !== undefined && prev !== noLine) wanted.set(prev, [...(wanted.get(prev) ?? []), chain]);
  }
  const found = new Map<Ends[], Ends[]>();
  if (chains.length < 2) return found;
  for (const chain of chains) {
    for (const { file } of chain) {
      if (wanted.size === 0) return found;
      try {
        for await (const [line] of linesOf(file)) {
          if (!line.includes(checkpoint)) continue;
          const hash = hashLine(line);
          for (const later of wanted.get(hash) ?? []) if (later !== chain) found.set(later, chain);
          wanted.delete(hash);
        }
      } catch (cause) {
        throw unreadable(file.path, cause);
      }
    }
  }
  return found;
}

/** Old ones of a file are PATH.1, PATH.2 and so on, the oldest last; undefined for files of another name. */
function ageIn(base: string, path: string): number | undefined {
  const suffix = path.startsWith(base) ? path.slice(base.length) : "?";
  return suffix === "" ? 0 : /^\.[1-9]\d{0,5}$/.test(suffix) ? Number(suffix.slice(1)) : undefined;
}

/** By their names if all are of one file, else by time, which somebody may have set back. */
function byAge(chains: readonly Ends[][]): Ends[][] {
  const paths = chains.map(([first]) => first?.file.path ?? "");
  const base = paths[0]?.replace(/\.[1-9]\d{0,5}$/, "") ?? "";
  const ages = paths.map((path) => ageIn(base, path));
  const named = ages.every((age) => age !== undefined);
  const keyed = chains.map((chain, index) => ({ chain, age: ages[index] ?? 0, time: chain[0]?.time ?? "" }));
  keyed.sort((one, other) =>
    named ? other.age - one.age : one.time < other.time ? -1 : one.time > other.time ? 1 : 0,
  );
  return keyed.map(({ chain }) => chain);
}

/** A file follows the one whose last line it names, or that has the checkpoint which it names. The chain, not this order, is
 *  what is verified after. Throws LOG_UNREADABLE. */
async function inOrder(files: readonly LogFile[]): Promise<LogFile[]> {
  const chains = byAge(chainsOf(files.map(endsOf)));
  const forerunners = await forerunnersOf(chains);
  const ordered = new Set<Ends[]>();
  const take = (chain: Ends[]): void => {
    if (ordered.has(chain)) return;
    ordered.add(chain);
    for (const later of chains) if (forerunners.get(later) === chain) take(later);
  };
  for (const chain of chains) if (!forerunners.has(chain)) take(chain);
  // Those that name one another in a circle somebody made up.
  for (const chain of chains) take(chain);
  return [...ordered].flatMap((chain) => chain.map(({ file }) => file));
}

/** Lines, and whether they have their newline. Throws what reading throws. */
async function* linesOf({ path, fd }: LogFile): AsyncGenerator<[line: Buffer, whole: boolean], void, void> {
  let rest: Buffer = Buffer.alloc(0);
  const stream = createReadStream(path, { fd, start: 0, autoClose: false, highWaterMark: 1024 * 1024 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = bytes.indexOf(newline, from); at >= 0; at = bytes.indexOf(newline, from)) {
      yield [bytes.subarray(from, at), true];
      from = at + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > maxLine) throw new Error(`a line of more than ${maxLine} bytes`);
  }
  if (rest.length > 0) yield [rest, false];
}

/** Throws LOG_UNREADABLE. */
export async function verifyFiles(paths: readonly string[], key?: string): Promise<VerifyResult> {
  const files = await openTogether([...new Set(paths)]);
  try {
    const verifier = new Verifier(key);
    for (const file of await inOrder(files)) {
      try {
        let number = 0;
        for await (const [line, whole] of linesOf(file)) {
          number++;
          if (line.length > 0) verifier.take(line, `${file.path}:${number}`, whole);
        }
      } catch (cause) {
        throw unreadable(file.path, cause);
      }
    }
    return verifier.end();
  } finally {
    closeAll(files);
  }
}
