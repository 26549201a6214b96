// SPDX-License-Identifier: Apache-2.0
// What the agent remembers of its chain over a restart: the hash of the last line that it knew to be written, which the
// first line of the next run carries, so that a whole run cannot go missing without a trace; and which losses it told.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { noLine } from "./chain.js";

const maxText = 65_536;

/** By reason. */
export type Counts = Readonly<Record<string, number>>;

export interface Memory {
  /** Hash of the last known line; zeros if there is none. */
  head: string;
  /** The run before has not come to its orderly end. */
  crashed: boolean;
  /** What the kernel had lost when the known line was written, all of it told; undefined if that is not known. */
  told: Counts | undefined;
  /** Number of the known line; 0 if that is not known. */
  seq: number;
  /** What was lost when nothing could be told any more: the next run tells it. */
  untold: Counts;
}

/** What is remembered; running: false at the orderly end. */
export interface Remembered {
  hash: string;
  seq: number;
  running: boolean;
  told?: Counts | undefined;
  untold?: Counts;
}

/** What is there and of no use counts as nothing. */
export function recallHead(path: string): Memory {
  const nothing = { head: noLine, crashed: false, told: undefined, seq: 0, untold: {} };
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > maxText) return nothing;
    const { head, seq, running, told, untold } = JSON.parse(text) as Record<string, unknown>;
    if (typeof head !== "string" || !/^[0-9a-f]{64}$/.test(head)) return nothing;
    const number = Number.isSafeInteger(seq) ? (seq as number) : 0;
    return { head, crashed: running === true, told: countsOf(told), seq: number, untold: countsOf(untold) ?? {} };
  } catch {
    return nothing;
  }
}

function countsOf(found: unknown): Counts | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  const entries = Object.entries(found);
  const good = entries.every(
    ([key, count]) => /^[a-z][a-z0-9_-]*$/.test(key) && Number.isSafeInteger(count) && count >= 0,
  );
  return good ? (Object.fromEntries(entries) as Counts) : undefined;
}

/** Throws what the file system throws. */
export function rememberHead(path: string, { hash, ...rest }: Remembered): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  // Never through a link.
  const fd = openSync(unfinished, "wx", 0o600);
  try {
    writeSync(fd, `${JSON.stringify({ head: hash, ...rest })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(unfinished, path);
}
