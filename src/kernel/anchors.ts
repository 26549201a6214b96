// SPDX-License-Identifier: Apache-2.0
// The map "leak_anchors": by which window each form of a secret is known. Forms with the same window stand in a chain,
// which the kernel reads from 0 until a link is missing; so a link that goes from the middle is emptied, not deleted.
import {
  decodeLeakAnchor,
  decodeLeakAnchorKey,
  encodeLeakAnchor,
  encodeLeakAnchorKey,
  type LeakAnchor,
  type LeakAnchorKey,
} from "./abi.gen.js";
import type { BpfMap, Fingerprint } from "./native.js";

/** CT_LEAK_CHAIN in bpf/abi_leak.h; test/contract holds the two together. */
export const chainLength = 4;

/** Of no secret: a link that holds a chain together, or may be taken. */
const nobody = 0;

const candidateSize = 16;

interface Candidate {
  window: bigint;
  bit: number;
  offset: number;
}

function* candidatesOf({ candidates }: Fingerprint): Generator<Candidate> {
  for (let at = 0; at + candidateSize <= candidates.length; at += candidateSize) {
    yield {
      window: candidates.readBigUInt64LE(at),
      bit: candidates.readUInt32LE(at + 8),
      offset: candidates.readUInt32LE(at + 12),
    };
  }
}

export class Anchors {
  readonly #map: BpfMap;
  /** Fingerprint of a form (its length is part of it) to the secrets that have it: to look for each window of a new
   *  secret in the map would cost more than the rest of registering it. */
  readonly #holders = new Map<bigint, Set<number>>();

  constructor(map: BpfMap) {
    this.#map = map;
    for (const { fingerprint, secret } of this.#all()) if (secret !== nobody) this.#hold(fingerprint, secret);
  }

  #all(): LeakAnchor[] {
    return this.#map.keys().flatMap((key) => {
      const value = this.#map.lookup(key);
      return value === undefined ? [] : [decodeLeakAnchor(value)];
    });
  }

  #hold(fingerprint: bigint, secret: number): void {
    const holders = this.#holders.get(fingerprint);
    if (holders === undefined) this.#holders.set(fingerprint, new Set([secret]));
    else holders.add(secret);
  }

  #letGo(fingerprint: bigint, secret: number): void {
    const holders = this.#holders.get(fingerprint);
    holders?.delete(secret);
    if (holders?.size === 0) this.#holders.delete(fingerprint);
  }

  #at(window: bigint, index: number): LeakAnchor | undefined {
    const found = this.#map.lookup(encodeLeakAnchorKey({ window, index }));
    return found === undefined ? undefined : decodeLeakAnchor(found);
  }

  #put({ window, index }: LeakAnchorKey, anchor: LeakAnchor): void {
    this.#map.update(encodeLeakAnchorKey({ window, index }), encodeLeakAnchor(anchor));
  }

  /** Enters a form. Returns the bit of its window, or undefined if every window of it is taken as often as can be. Throws
   *  E2BIG if the map is full. */
  place(form: Fingerprint, secret: number): number | undefined {
    const { fingerprint, length, encoding } = form;
    for (let index = 0; index < chainLength; index++) {
      for (const { window, bit, offset } of candidatesOf(form)) {
        const taken = this.#at(window, index);
        if (taken !== undefined && taken.secret !== nobody) continue;
        this.#put({ window, index }, { fingerprint, length, offset, secret, encoding });
        this.#hold(fingerprint, secret);
        return bit;
      }
    }
    return undefined;
  }

  /** Secrets that have this very form. */
  holdersOf({ fingerprint }: Fingerprint): Set<number> {
    return new Set(this.#holders.get(fingerprint));
  }

  /** Takes out what belongs to the secrets that are meant. */
  remove(isMeant: (secret: number) => boolean): void {
    for (const bytes of this.#map.keys()) {
      const { window, index } = decodeLeakAnchorKey(bytes);
      const anchor = this.#at(window, index);
      if (anchor === undefined || anchor.secret === nobody || !isMeant(anchor.secret)) continue;
      this.#put({ window, index }, { ...anchor, fingerprint: 0n, secret: nobody });
      this.#letGo(anchor.fingerprint, anchor.secret);
      this.#trim(window);
    }
  }

  /** Deletes empty links from the end of a chain. */
  #trim(window: bigint): void {
    let last = chainLength - 1;
    while (last >= 0 && this.#at(window, last) === undefined) last--;
    for (; last >= 0 && this.#at(window, last)?.secret === nobody; last--) {
      this.#map.delete(encodeLeakAnchorKey({ window, index: last }));
    }
  }

  /** Bytes of the shortest and of the longest form; undefined if there is none. */
  lengths(): { shortest: number; longest: number } | undefined {
    const lengths = this.#all().flatMap(({ secret, length }) => (secret === nobody ? [] : [length]));
    if (lengths.length === 0) return undefined;
    return {
      shortest: lengths.reduce((one, other) => Math.min(one, other)),
      longest: lengths.reduce((one, other) => Math.max(one, other)),
    };
  }
}
