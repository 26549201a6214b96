// SPDX-License-Identifier: Apache-2.0
// Writes dist/bin/: the command in a few files, its packages among them, since looking for some hundred small ones takes
// longer than running them. In CommonJS, which Node starts quicker and whose files can have a code cache: code-cache.ts.
// Names stay, and a map leads back from each line (node --enable-source-maps dist/bin/command.cjs).

import { rmSync } from "node:fs";
import { type OutputOptions, rolldown } from "rolldown";

/** Where src/ lies, compiled; another one for another processor. */
const root = process.argv[2] ?? "dist";
const directory = `${root}/bin`;

async function write(name: string, source: string, output: OutputOptions = {}): Promise<void> {
  const bundle = await rolldown({
    input: { [name]: `${root}/src/cli/${source}` },
    platform: "node",
    logLevel: "warn",
    // A room is imported late by one command and at once by another: nothing is wrong with either.
    checks: { ineffectiveDynamicImport: false },
  });
  await bundle.write({
    dir: directory,
    format: "cjs",
    entryFileNames: "[name].cjs",
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    ...output,
  });
  await bundle.close();
}

rmSync(directory, { recursive: true, force: true });
await write("command", "main.js", {
  sourcemap: true,
  chunkFileNames: "[name]-[hash].cjs",
  // What every command needs, in one file: opening one costs more than what is in it.
  codeSplitting: { groups: [{ name: "base", test: /dist\/src\/(?:errors|vectors)\// }] },
});
await write("cloudtaser", "start.js");
// The hook is started for every container, and what asks the agent stands by itself.
await write("cloudtaser-hook", "hook-main.js", { chunkFileNames: "hook-[name]-[hash].cjs" });
