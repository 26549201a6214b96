// SPDX-License-Identifier: Apache-2.0
// Fails, naming file and line, where src/ breaks the one-way import rule of tools/imports.ts.

import { readFileSync } from "node:fs";
import { findBreaches } from "./imports.js";
import { filesBelow } from "./tree.js";

const paths = filesBelow("src").filter((path) => path.endsWith(".ts"));
const breaches = findBreaches(new Map(paths.map((path) => [path, readFileSync(path, "utf8")])));
for (const { file, line, problem } of breaches) process.stderr.write(`${file}:${line}: ${problem}\n`);
if (breaches.length > 0) process.exitCode = 1;
