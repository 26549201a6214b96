// SPDX-License-Identifier: Apache-2.0
// The last events in memory, for `cloudtaser events`, and the live subscribers.

import type { AnyEvent, EventFilter } from "../formats/index.js";

/** Lines that are kept. */
const kept = 1000;

/** Characters of them that one reader is given at once: his share of memory, until he has read them. */
const handedOver = 4 * 1024 * 1024;

interface Kept {
  event: AnyEvent;
  line: string;
}

export class Backlog {
  readonly #kept: Kept[] = [];
  readonly #subscribers = new Set<(kept: Kept) => void>();

  /** line: without its newline. */
  push(event: AnyEvent, line: string): void {
    this.#kept.push({ event, line });
    if (this.#kept.length > kept) this.#kept.shift();
    for (const subscriber of this.#subscribers) subscriber({ event, line });
  }

  /** Hands over the last `count` lines that the filter takes, then each new one, until the returned function is called. */
  subscribe(count: number, onLine: (line: string) => void, filter: EventFilter = () => true): () => void {
    const take = ({ event, line }: Kept): void => {
      if (filter(event)) onLine(line);
    };
    const wanted = count > 0 ? this.#kept.filter(({ event }) => filter(event)).slice(-count) : [];
    let room = handedOver;
    const from =
      wanted.findLastIndex(({ line }) => {
        room -= line.length;
        return room < 0;
      }) + 1;
    for (const { line } of wanted.slice(from)) onLine(line);
    this.#subscribers.add(take);
    return () => this.#subscribers.delete(take);
  }
}
