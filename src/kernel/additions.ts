// SPDX-License-Identifier: Apache-2.0
// Entries that come into a map together, or not at all.
import type { BpfMap } from "./native.js";

const allowed = Buffer.from([1, 0, 0, 0]);

/**
 * Adds those keys that are not present. Throws what the kernel says if there is no room, and has changed nothing then.
 * @param present what the map held a moment ago; a look-up in a trie would also find what is only broader
 * @returns takes out again what was added, and nothing that was there before
 */
export function addMissing(map: BpfMap, keys: readonly Buffer[], present: readonly Buffer[]): () => void {
  const known = new Set(present.map((key) => key.toString("hex")));
  const added: Buffer[] = [];
  const undo = (): void => {
    for (const key of added) map.delete(key);
  };
  try {
    for (const key of keys) {
      if (known.has(key.toString("hex"))) continue;
      map.update(key, allowed);
      added.push(key);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}
