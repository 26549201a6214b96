// SPDX-License-Identifier: Apache-2.0
// Work that must not overlap, and of which only the newest counts.

export class Latest<Result> {
  readonly #work: () => Promise<Result>;
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<Result> | undefined;

  constructor(work: () => Promise<Result>) {
    this.#work = work;
  }

  /** A run that begins after the call, one after the other; those who ask before it begins share it. */
  run(): Promise<Result> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      return this.#work();
    });
    this.#last = this.#next.catch(() => {}); // whoever asked hears of it
    return this.#next;
  }

  /** Until no run is under way or asked for. Never throws. */
  async idle(): Promise<void> {
    for (let last: unknown; last !== this.#last; ) {
      last = this.#last;
      await last;
    }
  }
}
