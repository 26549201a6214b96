// SPDX-License-Identifier: Apache-2.0
// Tells when a name appears in one of some directories. A hint that saves time: what it misses, the next round finds.
import { type FSWatcher, statSync, watch } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

export class DirectoryWatch {
  readonly #watchers = new Map<string, { watcher: FSWatcher; inode: number }>();
  readonly #onChange: () => void | Promise<void>;
  #told = false;
  #running = false;
  #closed = false;

  /** @param onChange is called once for all that is there to be read, and not again before it has ended and rested as long */
  constructor(onChange: () => void | Promise<void>) {
    this.#onChange = onChange;
  }

  /** Watches exactly these from now on. One that cannot be watched is left to the rounds. */
  set(directories: ReadonlySet<string>): void {
    for (const [path, { inode }] of [...this.#watchers]) {
      // Another directory of that name is not the one that is watched.
      if (!directories.has(path) || inodeOf(path) !== inode) this.#drop(path);
    }
    for (const path of directories) if (!this.#watchers.has(path)) this.#add(path);
  }

  close(): void {
    this.#closed = true;
    this.set(new Set());
  }

  #add(path: string): void {
    const inode = inodeOf(path);
    if (inode === undefined) return;
    try {
      const watcher = watch(path, { persistent: false }, (event) => {
        if (event === "rename") this.#tell();
      });
      // Out of the list too, so that the next set() watches it again.
      watcher.on("error", () => this.#drop(path));
      this.#watchers.set(path, { watcher, inode });
    } catch {
      // gone meanwhile, or no more watches are to be had
    }
  }

  #drop(path: string): void {
    this.#watchers.get(path)?.watcher.close();
    this.#watchers.delete(path);
  }

  #tell(): void {
    this.#told = true;
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  /** Whoever makes directories without end takes half of a processor at most. */
  async #run(): Promise<void> {
    while (this.#told && !this.#closed) {
      this.#told = false;
      const began = performance.now();
      try {
        await this.#onChange();
      } catch {
        // the next round finds it
      }
      if (this.#told) await wait(performance.now() - began);
    }
    this.#running = false;
  }
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
