// SPDX-License-Identifier: Apache-2.0
// Reads files of procfs, which have no size.
import { closeSync, openSync, readSync } from "node:fs";

/** The first 4 KiB. Only of files that take no lock which the process holds. */
export function readSmall(path: string): string {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(4096);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, null));
  } finally {
    closeSync(fd);
  }
}
