// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next attempt: twice as long each time, with chance in it, so that a thousand nodes do not
// come back to a receiver in the same moment.

export interface BackoffOptions {
  firstMs: number;
  longestMs: number;
  /** From 0 to 1. */
  random?: () => number;
}

export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #next: number;

  constructor(options: BackoffOptions) {
    this.#options = { random: Math.random, ...options };
    this.#next = options.firstMs;
  }

  /** Something was delivered. */
  reset(): void {
    this.#next = this.#options.firstMs;
  }

  /** Between half and all of the present length. @param atLeastMs what the receiver asked for; an hour at most */
  wait(atLeastMs = 0): number {
    const length = this.#next;
    this.#next = Math.min(this.#options.longestMs, length * 2);
    const own = length * (0.5 + this.#options.random() / 2);
    return Math.max(own, Math.min(atLeastMs, 3_600_000));
  }
}

/** Milliseconds of a Retry-After header: seconds, or a date. 0 if there is none or it is neither. */
export function retryAfter(header: string | undefined, now = Date.now()): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
