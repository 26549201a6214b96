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

/** Where a form stands, and what it is known by. */
interface Place extends LeakAnchorKey {
  fingerprint: bigint;
  /** Bytes of the form. */
  length: number;
}

export class Anchors {
  readonly #map: BpfMap;
  /** Of each secret: to look through the map for them would be a hundred thousand system calls. */
  readonly #places = new Map<number, Place[]>();
  /** How many forms have that length. */
  readonly #lengths = new Map<number, number>();
  /** Fingerprint of a form (its length is part of it) to the secrets that have it: to look for each window of a new
   *  secret in the map would cost more than the rest of registering it. */
  readonly #holders = new Map<bigint, Set<number>>();

  constructor(map: BpfMap) {
    this.#map = map;
    for (const key of map.keys()) {
      const value = map.lookup(key);
      if (value === undefined) continue;
      const { fingerprint, length, secret } = decodeLeakAnchor(value);
      if (secret !== nobody) this.#hold(secret, { ...decodeLeakAnchorKey(key), fingerprint, length });
    }
  }

  #hold(secret: number, place: Place): void {
    const { fingerprint, length } = place;
    const places = this.#places.get(secret);
    if (places === undefined) this.#places.set(secret, [place]);
    else places.push(place);
    this.#lengths.set(length, (this.#lengths.get(length) ?? 0) + 1);
    const holders = this.#holders.get(fingerprint);
    if (holders === undefined) this.#holders.set(fingerprint, new Set([secret]));
    else holders.add(secret);
  }

  #letGo(secret: number, { fingerprint, length }: Place): void {
    const left = (this.#lengths.get(length) ?? 0) - 1;
    if (left > 0) this.#lengths.set(length, left);
    else this.#lengths.delete(length);
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
        this.#hold(secret, { window, index, fingerprint, length });
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
    for (const [secret, places] of this.#places) {
      if (!isMeant(secret)) continue;
      // Taken off the list when it is done: what the kernel refused is tried again with the next removal.
      for (let place = places.at(-1); place !== undefined; place = places.at(-1)) {
        const anchor = this.#at(place.window, place.index);
        if (anchor?.secret === secret) this.#put(place, { ...anchor, fingerprint: 0n, secret: nobody });
        this.#trim(place.window);
        places.pop();
        this.#letGo(secret, place);
      }
      this.#places.delete(secret);
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
    const lengths = [...this.#lengths.keys()];
    if (lengths.length === 0) return undefined;
    return {
      shortest: lengths.reduce((one, other) => Math.min(one, other)),
      longest: lengths.reduce((one, other) => Math.max(one, other)),
    };
  }
}
