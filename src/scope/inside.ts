// SPDX-License-Identifier: Apache-2.0
// Protected control groups are watched for groups that are made in them: a container's processes come soon after, and what
// user space does for them (hardening, what others have open) should not wait for the next round.
import { DirectoryWatch } from "./directory-watch.js";

/** A runtime makes a container's group, then the process that goes into it, then the program. */
const looksAfterMs = [200, 3_000];

export class Inside {
  readonly #look: () => void;
  readonly #watch = new DirectoryWatch(() => this.#lookSoon());
  readonly #timers: (NodeJS.Timeout | undefined)[] = [];

  constructor(look: () => void) {
    this.#look = look;
  }

  /** Directories, exactly these from now on. */
  set(directories: Iterable<string>): void {
    this.#watch.set(new Set(directories));
  }

  close(): void {
    this.#watch.close();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** However many appear, one look of each kind waits. */
  #lookSoon(): void {
    for (const [index, delay] of looksAfterMs.entries()) {
      const look = (): void => {
        this.#timers[index] = undefined;
        this.#look();
      };
      this.#timers[index] ??= setTimeout(look, delay).unref();
    }
  }
}
