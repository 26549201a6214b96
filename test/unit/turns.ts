// SPDX-License-Identifier: Apache-2.0
// How much of something is done between two turns of the event loop: counted, not timed.

/** Looks at `count` once a turn until `run` is done. Returns the most that came in one turn. */
export async function mostPerTurn<Result>(
  count: () => number,
  run: () => Promise<Result>,
): Promise<{ result: Result; most: number; turns: number }> {
  let [most, turns, before, over] = [0, 0, count(), false];
  const look = (): void => {
    const now = count();
    most = Math.max(most, now - before);
    before = now;
    turns++;
    if (!over) setImmediate(look);
  };
  setImmediate(look);
  try {
    return { result: await run(), most: Math.max(most, count() - before), turns };
  } finally {
    over = true;
  }
}
