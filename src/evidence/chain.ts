// SPDX-License-Identifier: Apache-2.0
// The chain of lines: each event has the number after the one before it, and that one's hash. Made in one place, so that
// every sink and the control socket tell the same. A number is only taken by an event that was built.

import { hash } from "node:crypto";
import { type AnyEvent, nativeText } from "../formats/index.js";

/** Where the next event stands. */
export interface Place {
  seq: number;
  /** Hash of the line before. */
  prev: string;
}

/** In place of a hash where no line before is known. */
export const noLine = "0".repeat(64);

/** @param line without its newline */
export function hashLine(line: string | Buffer): string {
  return hash("sha256", line, "hex");
}

export class Chain {
  #seq = 0;
  #prev: string;

  /** @param before hash of the last line of the run before, as far as it is known */
  constructor(before: string = noLine) {
    this.#prev = before;
  }

  /** The number of the last line, and its hash. */
  get head(): { seq: number; hash: string } {
    return { seq: this.#seq, hash: this.#prev };
  }

  /** build may throw: the place stays free then. The line has its newline. @param toText another way to the same text */
  add<Event extends AnyEvent>(
    build: (place: Place) => Event,
    toText: (event: Event) => string = nativeText,
  ): { event: Event; line: string } {
    const event = build({ seq: this.#seq + 1, prev: this.#prev });
    const line = `${toText(event)}\n`;
    // A slice shares what it is of: the text is in memory once.
    this.#prev = hashLine(line.slice(0, -1));
    this.#seq++;
    return { event, line };
  }
}
