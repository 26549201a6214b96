// SPDX-License-Identifier: Apache-2.0
// Says when the configuration file's content changed. Watches the directory: editors replace the file, and a mounted ConfigMap
// swaps a link beside it, so that a watch on the file itself would see one change and then never again.

import { createHash } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { signaturePath } from "../keys/index.js";

export interface ConfigWatcher {
  close(): void;
}

function digestOf(path: string): string {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch (error) {
    return `unreadable: ${error instanceof Error && "code" in error ? error.code : error}`;
  }
}

/** With its signature, which may come a moment later. */
const fingerprint = (path: string): string => `${digestOf(path)} ${digestOf(signaturePath(path))}`;

/** Calls onChange once per change of content, also when the file becomes unreadable (reading it then says why). debounceMs lets a
 *  writer finish; pollMs is the fallback for links that lead elsewhere and for a directory that cannot be watched. */
export function watchConfig(
  path: string,
  onChange: () => void,
  { debounceMs = 250, pollMs = 10_000 }: { debounceMs?: number; pollMs?: number } = {},
): ConfigWatcher {
  let last = fingerprint(path);
  let pending: NodeJS.Timeout | undefined;
  const check = () => {
    pending = undefined;
    const now = fingerprint(path);
    if (now === last) return;
    last = now;
    onChange();
  };
  const soon = () => {
    clearTimeout(pending);
    pending = setTimeout(check, debounceMs);
    pending.unref();
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, soon);
    // The poll goes on without it.
    watcher.on("error", () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  const poll = setInterval(check, pollMs);
  poll.unref();
  return {
    close() {
      clearTimeout(pending);
      clearInterval(poll);
      watcher?.close();
    },
  };
}
