// SPDX-License-Identifier: Apache-2.0
// The last events in memory, for `cloudtaser events`, and the live subscribers.

/** Lines that are kept. */
const kept = 1000;

export class Backlog {
  readonly #lines: string[] = [];
  readonly #subscribers = new Set<(line: string) => void>();

  push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > kept) this.#lines.shift();
    for (const subscriber of this.#subscribers) subscriber(line);
  }

  /** Hands over the last `count` lines, then each new one, until the returned function is called. */
  subscribe(count: number, onLine: (line: string) => void): () => void {
    if (count > 0) for (const line of this.#lines.slice(-count)) onLine(line);
    this.#subscribers.add(onLine);
    return () => this.#subscribers.delete(onLine);
  }
}
