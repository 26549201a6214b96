// SPDX-License-Identifier: Apache-2.0
// What the agent remembers of its chain over a restart: the hash of the last line that it knew to be written. The first
// line of the next run carries it, so that a whole run cannot go missing without a trace.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { noLine } from "./chain.js";

const maxText = 1024;

export interface Memory {
  /** Hash of the last known line; zeros if there is none. */
  head: string;
  /** The run before has not come to its orderly end. */
  crashed: boolean;
}

/** What is there and of no use counts as nothing. */
export function recallHead(path: string): Memory {
  const nothing = { head: noLine, crashed: false };
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > maxText) return nothing;
    const { head, running } = JSON.parse(text) as { head?: unknown; running?: unknown };
    return typeof head === "string" && /^[0-9a-f]{64}$/.test(head) ? { head, crashed: running === true } : nothing;
  } catch {
    return nothing;
  }
}

/** running: false at the orderly end. Throws what the file system throws. */
export function rememberHead(path: string, { hash }: { hash: string }, running: boolean): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  // Never through a link.
  const fd = openSync(unfinished, "wx", 0o600);
  try {
    writeSync(fd, `${JSON.stringify({ head: hash, running })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(unfinished, path);
}
