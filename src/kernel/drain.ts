// SPDX-License-Identifier: Apache-2.0
// Empties a ring, but not for ever: whoever fills it faster than it is read must not hold up a stop.
import { EventSize } from "./abi.gen.js";
import type { Ring } from "./native.js";

/** Before each record in a ring. */
const headBytes = 8;

/** Hands over what waits now, and at most what the ring can hold; what comes later is told by whoever reads next. */
export function drainUpTo(ring: Pick<Ring, "drain">, ringBytes: number, batch: number): void {
  for (let left = Math.ceil(ringBytes / (EventSize + headBytes)); left > 0; ) {
    const taken = ring.drain(Math.min(batch, left));
    if (taken === 0) return;
    left -= taken;
  }
}
