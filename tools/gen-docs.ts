// SPDX-License-Identifier: Apache-2.0
// Writes the references in docs/ from the tables in src/. Usage: gen-docs [--check]; --check writes nothing and fails
// when a file differs from what would be written.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { references } from "./references/index.js";

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const [path, text] of await references()) {
  if (textOf(path) === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`${path}\n`);
}
if (check && stale.length > 0) {
  process.stderr.write(`${stale.join(", ")}: not what the sources say. Run 'make generate' and commit the result.\n`);
  process.exitCode = 1;
}
