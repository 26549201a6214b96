// SPDX-License-Identifier: Apache-2.0
// A long list worked off a part at a time: an event from a spool is parsed and formatted anew, and thousands of them at
// once would hold up the ring and all other sinks.

import { setImmediate as turn } from "node:timers/promises";

/** A few milliseconds' work. */
const atOnce = 32;

export async function inTurns<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    if (results.length > 0 && results.length % atOnce === 0) await turn();
    results.push(work(item));
  }
  return results;
}
