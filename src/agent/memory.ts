// SPDX-License-Identifier: Apache-2.0
// A daemon of a few megabytes beside somebody else's work: it gives back what it does not need. V8 lets a small heap grow to
// twice its size before it looks for garbage in all of it, and the C library keeps what was freed in its midst.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection of so small a heap takes some ten milliseconds: too long for every round. */
const collectEveryMs = 60_000;

/** V8's own collection of the whole heap, which it hands out only where it is asked for by a flag. */
export function wholeCollection(): () => void {
  setFlagsFromString("--expose-gc");
  try {
    return runInNewContext("gc") as () => void;
  } finally {
    // Else V8 would refuse the code caches of modules that are loaded later: they were made without that flag.
    setFlagsFromString("--no-expose-gc");
  }
}

export interface MemoryTools {
  /** Gives the kernel what the C library keeps. */
  trim(): void;
  /** Hands out what collects V8's heap, the whole of it: asked once, when it is first needed. */
  collector(): () => void;
  /** Milliseconds. */
  now(): number;
}

export class Memory {
  readonly #tools: MemoryTools;
  #collect: (() => void) | undefined;
  #collectedAt: number;

  constructor(tools: MemoryTools) {
    this.#tools = tools;
    this.#collectedAt = tools.now();
  }

  /** For every round. */
  giveBack(): void {
    const { trim, collector, now } = this.#tools;
    if (now() - this.#collectedAt >= collectEveryMs) {
      this.#collectedAt = now();
      this.#collect ??= collector();
      this.#collect();
    }
    trim();
  }
}
