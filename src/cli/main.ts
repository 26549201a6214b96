// SPDX-License-Identifier: Apache-2.0
// The command `cloudtaser`.

import { isatty } from "node:tty";
import { run } from "./program.js";

/** How long what a command left open may keep the process alive. */
const lingerMs = 2_000;

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `cloudtaser events | head` is no fault.
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

// No await here: parts of the bundle that are loaded later may import this file, and would wait for its end for ever.
void run(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdinIsTerminal: isatty(0),
  tail: undefined,
  native: async () => (await import("../kernel/load-native.js")).loadNative(),
  status: 0,
}).then((status) => {
  process.exitCode = status;
  setTimeout(() => process.exit(), lingerMs).unref();
});
