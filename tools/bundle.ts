// SPDX-License-Identifier: Apache-2.0
// Writes dist/bin/: the command in a few files, its packages among them, since looking for some hundred small ones takes
// longer than running them. Names stay, and a map leads back from each line (node --enable-source-maps).

import { rmSync } from "node:fs";
import { rolldown } from "rolldown";

/** Where src/ lies, compiled; another one for another processor. */
const root = process.argv[2] ?? "dist";
const directory = `${root}/bin`;

rmSync(directory, { recursive: true, force: true });
const bundle = await rolldown({
  input: { cloudtaser: `${root}/src/cli/main.js` },
  platform: "node",
  logLevel: "warn",
  // A room is imported late by one command and at once by another: nothing is wrong with either.
  checks: { ineffectiveDynamicImport: false },
});
await bundle.write({
  dir: directory,
  format: "esm",
  sourcemap: true,
  // What every command needs, in one file: opening one costs more than what is in it.
  codeSplitting: { groups: [{ name: "base", test: /dist\/src\/(?:errors|vectors)\// }] },
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
});
await bundle.close();

// The hook is started for every container: in CommonJS, which Node starts quicker, and what asks the agent by itself.
const hook = await rolldown({
  input: { "cloudtaser-hook": `${root}/src/cli/hook-main.js` },
  platform: "node",
  logLevel: "warn",
});
await hook.write({
  dir: directory,
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "hook-[name]-[hash].cjs",
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
});
await hook.close();
