// SPDX-License-Identifier: Apache-2.0
// A bitmap of the kernel's leak engine: what each secret has set in it, so that it is cleared when the last secret that
// needs a bit is gone. Bits of nobody mean nothing, but each costs a look, and an operation has only so many.
import type { BpfMap } from "./native.js";

/** What a bitmap holds at most, as a part of its bits: beyond, ordinary data would be taken for a secret's too often to
 *  be looked at to its end. */
const fullAt = 1 / 4;

/** Bits of nobody that may stay, as a part of all: clearing writes the whole bitmap, so not each removal does. */
const staleAt = 1 / 128;

/** Bytes of a number of a bit. */
const numberSize = 4;

export class SecretBits {
  readonly #map: BpfMap;
  /** Numbers of bits by secret, 4 bytes each. */
  readonly #bits = new Map<number, Buffer[]>();
  /** Set by an agent before this one, whose secrets' bits nobody can tell apart; undefined once those are gone. */
  #inherited: { secrets: Set<number>; bits: Buffer } | undefined;
  /** Bits that are set. */
  #set = 0;
  /** Of them, at most so many are nobody's. */
  #stale = 0;

  constructor(map: BpfMap) {
    this.#map = map;
  }

  /** @param secrets whose bits may be in it, from an earlier agent */
  begin(secrets: ReadonlySet<number>): void {
    const bits = this.#map.readBits();
    this.#set = countOf(bits);
    if (this.#set === 0) return;
    this.#inherited = { secrets: new Set(secrets), bits };
    if (secrets.size === 0) this.#clear();
  }

  get #size(): number {
    return this.#map.valueSize * 8;
  }

  /** Whether it holds more than it may. */
  get full(): boolean {
    if (this.#set > this.#size * fullAt && this.#stale > 0) this.#clear();
    return this.#set > this.#size * fullAt;
  }

  /** Returns how many were clear before. */
  add(secret: number, bits: Buffer): number {
    const known = this.#bits.get(secret);
    if (known === undefined) this.#bits.set(secret, [bits]);
    else known.push(bits);
    const fresh = this.#map.setBits(bits);
    this.#set += fresh;
    return fresh;
  }

  remove(secrets: ReadonlySet<number>): void {
    for (const secret of secrets) {
      for (const bits of this.#bits.get(secret) ?? []) this.#stale += bits.length / numberSize;
      this.#bits.delete(secret);
      this.#inherited?.secrets.delete(secret);
    }
    const inheritsNothing = this.#inherited !== undefined && this.#inherited.secrets.size === 0;
    if (inheritsNothing || this.#stale > this.#size * staleAt) this.#clear();
  }

  /** Each byte goes from what it was to what it shall be at once, and that holds every bit that is still needed. */
  #clear(): void {
    if (this.#inherited?.secrets.size === 0) this.#inherited = undefined;
    const needed = Buffer.alloc(this.#map.valueSize);
    this.#inherited?.bits.copy(needed);
    for (const lists of this.#bits.values()) for (const bits of lists) setIn(needed, bits);
    this.#map.replaceBits(needed);
    this.#set = countOf(needed);
    this.#stale = 0;
  }
}

function setIn(bitmap: Buffer, bits: Buffer): void {
  for (let at = 0; at < bits.length; at += numberSize) {
    const bit = bits.readUInt32LE(at);
    bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }
}

function countOf(bitmap: Buffer): number {
  let count = 0;
  for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) count++;
  return count;
}
