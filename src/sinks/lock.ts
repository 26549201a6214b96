// SPDX-License-Identifier: Apache-2.0
// One at a time: work on the files of a spool that must not overlap.

export class Lock {
  #last: Promise<unknown> = Promise.resolve();
  #lastly: (() => Promise<void>) | undefined;

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Some time after what is under way. Of several such, only the newest is done; a failure is nobody's. */
  lastly(work: () => Promise<void>): void {
    const waits = this.#lastly !== undefined;
    this.#lastly = work;
    if (waits) return;
    void this.run(async () => {
      const newest = this.#lastly;
      this.#lastly = undefined;
      await newest?.();
    }).catch(() => undefined);
  }
}
