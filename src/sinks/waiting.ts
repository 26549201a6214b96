// SPDX-License-Identifier: Apache-2.0
// The bounded list of what waits in memory. When it is full, the oldest of the lowest severity make room.

import type { Entry } from "./sink.js";

export interface WaitingLimits {
  maxLines: number;
  maxBytes: number;
}

/** Making room looks at every entry, so it is made for more than one. */
const share = 16;

export class Waiting {
  readonly #limits: WaitingLimits;
  #entries: Entry[] = [];
  #bytes = 0;
  /** At the front: being delivered, so they stay. */
  #held = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Returns how many were given up for it, itself included. */
  push(entry: Entry): number {
    const { maxLines, maxBytes } = this.#limits;
    const { size } = entry;
    let lost = 0;
    if (this.#entries.length >= maxLines || this.#bytes + size > maxBytes) {
      const lines = this.#entries.length >= maxLines ? Math.max(1, Math.floor(maxLines / share)) : 0;
      const bytes = this.#bytes + size > maxBytes ? Math.max(size, Math.floor(maxBytes / share)) : 0;
      lost = this.#shed(entry.rank, lines, bytes);
      if (this.#entries.length >= maxLines || this.#bytes + size > maxBytes) return lost + 1;
    }
    this.#entries.push(entry);
    this.#bytes += size;
    return lost;
  }

  /** The first ones, which stay until remove() or release(). At least one, if there is one. */
  hold(maxLines: number, maxBytes: number): Entry[] {
    let count = 0;
    let bytes = 0;
    for (const { size } of this.#entries) {
      bytes += size;
      if (count >= maxLines || (count > 0 && bytes > maxBytes)) break;
      count++;
    }
    this.#held = count;
    return this.#entries.slice(0, count);
  }

  /** The first ones are delivered. */
  remove(count: number): void {
    for (const { size } of this.#entries.splice(0, count)) this.#bytes -= size;
    this.#held = Math.max(0, this.#held - count);
  }

  release(): void {
    this.#held = 0;
  }

  /** Gives up all; returns how many. */
  clear(): number {
    const count = this.#entries.length;
    this.#entries = [];
    this.#bytes = 0;
    this.#held = 0;
    return count;
  }

  /** Of severities up to that of the newcomer, lowest first and oldest first within one. */
  #shed(rank: number, lines: number, bytes: number): number {
    let [moreLines, moreBytes, lost] = [lines, bytes, 0];
    for (let low = 0; low <= rank && (moreLines > 0 || moreBytes > 0); low++) {
      this.#entries = this.#entries.filter((entry, index) => {
        if (index < this.#held || entry.rank !== low || (moreLines <= 0 && moreBytes <= 0)) return true;
        moreLines--;
        moreBytes -= entry.size;
        this.#bytes -= entry.size;
        lost++;
        return false;
      });
    }
    return lost;
  }
}
