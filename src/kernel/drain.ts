// SPDX-License-Identifier: Apache-2.0
// The stream of events. At a stop the ring is emptied, but not for ever: whoever fills it faster than it is read must not hold
// up that.
import { decodeEvent, type Event, EventSize } from "./abi.gen.js";
import type { BpfMap, Native, Ring } from "./native.js";

/** Records per wake-up of the loop: bounds how long events can hold up everything else. */
const recordsPerBatch = 64;

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

export class EventRing {
  readonly #map: BpfMap;
  readonly #ring: Ring;

  constructor(native: Native, map: BpfMap, onEvents: (events: Event[], malformed: number) => void) {
    this.#map = map;
    const shape = { recordSize: EventSize, maxRecords: recordsPerBatch };
    this.#ring = native.openRing(map, shape, (records, count, malformed) => {
      const events: Event[] = [];
      for (let i = 0; i < count; i++) events.push(decodeEvent(records, i * EventSize));
      onEvents(events, malformed);
    });
  }

  /** What waits is handed over now. */
  drain(): void {
    drainUpTo(this.#ring, this.#map.info().maxEntries, recordsPerBatch);
  }

  /** Bytes. */
  waiting(): number {
    return this.#ring.waiting();
  }

  close(): void {
    this.#ring.close();
  }
}
