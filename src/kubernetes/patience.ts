// SPDX-License-Identifier: Apache-2.0
// How long and how much of an answer is waited for: a signal that ends it in time, and lines that do not grow for ever.

import { Garbage } from "./failure.js";

/** Ends an answer after a time, after silence, or with the signal that it is given. */
export class Patience {
  readonly #end = new AbortController();
  readonly #given: AbortSignal;
  readonly #onGiven = (): void => this.#end.abort();
  #whole: NodeJS.Timeout;
  #silence: NodeJS.Timeout | undefined;
  /** Why it ended the answer; "" if it did not. */
  late = "";

  constructor(given: AbortSignal, longestMs: number) {
    this.#given = given;
    this.#whole = this.#after(longestMs, `no answer within ${longestMs / 1000} s`);
    given.addEventListener("abort", this.#onGiven, { once: true });
    if (given.aborted) this.#end.abort();
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** The answer has begun: from now on it may take so long, and be silent for so long. */
  allow(longestMs: number, silenceMs: number): void {
    clearTimeout(this.#whole);
    this.#whole = this.#after(longestMs, `no end within ${longestMs / 1000} s`);
    this.#silence = this.#after(silenceMs, `nothing came for ${silenceMs / 1000} s`);
  }

  heard(): void {
    this.#silence?.refresh();
  }

  /** What nobody reads on is dropped with its connection. */
  end(): void {
    clearTimeout(this.#whole);
    clearTimeout(this.#silence);
    this.#given.removeEventListener("abort", this.#onGiven);
    this.#end.abort();
  }

  #after(ms: number, reason: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.late = reason;
      this.#end.abort();
    }, ms);
  }
}

/** Lines from chunks. */
export class Lines {
  readonly #most: number;
  #rest: Buffer[] = [];
  #size = 0;

  /** @param most bytes of one line */
  constructor(most: number) {
    this.#most = most;
  }

  /** Throws Garbage for a line that is too long. */
  *take(chunk: Buffer): Generator<string> {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end));
      const line = Buffer.concat(this.#rest).toString("utf8").trim();
      this.#rest = [];
      this.#size = 0;
      from = end + 1;
      if (line !== "") yield line;
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#most) throw new Garbage(`a line of more than ${this.#most} bytes`);
    if (part.length > 0) this.#rest.push(part);
  }
}
