// SPDX-License-Identifier: Apache-2.0
// Writes the code caches beside the files of dist/bin: run by the Node and with the flags that run the command, since V8
// takes a cache from no other. The bundle is fresh: bundle.ts has made the directory anew.

import { readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Bundle, cacheSuffix } from "../src/cli/code-cache.js";

const directory = resolve("dist/bin");
const isOfCommand = (name: string): boolean => name.endsWith(".cjs") && !/^cloudtaser(-hook)?\.|^hook-/.test(name);

const bundle = new Bundle(directory, false);
// A short command, since what has run is in the cache as well as what might.
process.argv.splice(1, Infinity, join(directory, "command.cjs"), "--version");
bundle.load("command.cjs");
for (const name of readdirSync(directory).filter(isOfCommand)) bundle.load(name);
process.on("exit", () => {
  for (const [name, script] of bundle.scripts) {
    writeFileSync(join(directory, `${name}${cacheSuffix}`), script.createCachedData());
  }
});
