// SPDX-License-Identifier: Apache-2.0
// What the agent remembers of its chain over a restart: the hash of the last line that it knew to be written. The first
// line of the next run carries it, so that a whole run cannot go missing without a trace.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { noLine } from "./chain.js";

const maxText = 1024;

/** Hash of the last known line; zeros if there is none, or what is there is no use. */
export function recallHead(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > maxText) return noLine;
    const { head } = JSON.parse(text) as { head?: unknown };
    return typeof head === "string" && /^[0-9a-f]{64}$/.test(head) ? head : noLine;
  } catch {
    return noLine;
  }
}

/** Throws what the file system throws. */
export function rememberHead(path: string, { seq, hash }: { seq: number; hash: string }): void {
  const unfinished = `${path}.new`;
  const fd = openSync(unfinished, "w", 0o600);
  try {
    writeSync(fd, `${JSON.stringify({ seq, head: hash })}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(unfinished, path);
}
