// SPDX-License-Identifier: Apache-2.0
// Standard input and error of the hook, without Node's streams, which take a tenth of the hook's time to load. A read that
// waits in the kernel would keep the process from ending, so none does.

import { constants, openSync, readSync, writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { Read } from "./hook-state.js";

const lookEveryMs = 2;

/** Of standard input. */
export function standardInput(): Read {
  let fd: number;
  try {
    // The runtime's end of the pipe must not become one that does not wait: this is an opening of our own.
    fd = openSync("/proc/self/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return streamed(); // a socket, or no procfs
  }
  return async (buffer) => {
    for (;;) {
      try {
        return readSync(fd, buffer);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        await wait(lookEveryMs);
      }
    }
  };
}

function streamed(): Read {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return async (buffer) => {
    if (rest.length === 0) {
      const { value, done } = await chunks.next();
      if (done) return 0;
      rest = value;
    }
    const length = rest.copy(buffer);
    rest = rest.subarray(length);
    return length;
  };
}

export function line(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // The runtime does not listen; the exit status tells it.
  }
}
