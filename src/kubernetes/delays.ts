// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next request: longer each time, with chance in it, so that a thousand nodes do not come
// back to a restarted API server in the same moment, and never less than a floor.

export interface DelayOptions {
  firstMs?: number;
  longestMs?: number;
  /** From 0 to 1. */
  random?: () => number;
}

export class Delays {
  readonly #first: number;
  readonly #longest: number;
  readonly #random: () => number;
  #next: number;

  constructor({ firstMs = 500, longestMs = 60_000, random = Math.random }: DelayOptions = {}) {
    this.#first = firstMs;
    this.#longest = longestMs;
    this.#random = random;
    this.#next = firstMs;
  }

  /** Things went well meanwhile. */
  reset(): void {
    this.#next = this.#first;
  }

  /** Between half and all of the present length, and at least what the server asked for. */
  next(atLeastMs: number): number {
    const length = this.#next;
    this.#next = Math.min(this.#longest, length * 2);
    return Math.max(length * (0.5 + this.#random() / 2), atLeastMs);
  }
}
