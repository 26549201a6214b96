// SPDX-License-Identifier: Apache-2.0
// A ring is emptied of what it holds, and of no more.

import { describe, expect, it } from "vitest";
import { EventSize } from "../../src/kernel/abi.gen.js";
import { drainUpTo } from "../../src/kernel/drain.js";

/** Room for 4,096 records with their heads. */
const bytes = 4096 * (EventSize + 8);

const ringOf = (waiting: number, comesBack = 0) => {
  const ring = { waiting, taken: 0, drain };
  function drain(most: number): number {
    const count = Math.min(most, ring.waiting);
    ring.waiting += comesBack - count;
    ring.taken += count;
    return count;
  }
  return ring;
};

describe("a ring", () => {
  it.each([0, 1, 64, 65, 4000])("of %i records is emptied", (waiting) => {
    const ring = ringOf(waiting);
    drainUpTo(ring, bytes, 64);
    expect(ring).toMatchObject({ waiting: 0, taken: waiting });
  });

  it("that is filled as fast as it is read is left at what it can hold", () => {
    const ring = ringOf(4096, 64);
    drainUpTo(ring, bytes, 64);
    expect(ring.taken).toBe(4096);
  });
});
