// SPDX-License-Identifier: Apache-2.0
// A map that forgets what was not used for long: whoever can start processes can fill a cache, so every cache is bounded.

/** In two halves: what is used goes to the younger one, and when that is full the older one is forgotten. A use costs one look
 *  then, where exact order would cost a removal and an insertion each time. */
export class LruCache<Key, Value> {
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  readonly #half: number;

  /** @param limit entries at most; half as many are never forgotten, in the order of their last use */
  constructor(limit: number) {
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#old.delete(key);
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
