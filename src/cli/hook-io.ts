// SPDX-License-Identifier: Apache-2.0
// Standard input and error of the hook, without Node's streams, which take longer to load than the rest.

import { read, writeSync } from "node:fs";

/** Of standard input; 0 at its end. */
export function readStandardInput(buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    read(0, buffer, 0, buffer.length, null, (error, length) => {
      if (error === null) resolve(length);
      else if (error.code === "EAGAIN") setTimeout(() => resolve(readStandardInput(buffer)), 10);
      else if (error.code === "EOF") resolve(0);
      else reject(error);
    });
  });
}

export function line(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // The runtime does not listen; the exit status tells it.
  }
}
