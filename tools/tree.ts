// SPDX-License-Identifier: Apache-2.0
// Files of the tree, for tools and contract tests that look at all of them.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Regular files below a directory, as paths from where the tool runs: the top of the tree. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What git keeps and is still there. Throws outside a clone. */
export function trackedFiles(): string[] {
  const output = execFileSync("git", ["-c", "safe.directory=*", "ls-files", "-z"], { encoding: "utf8" });
  return output.split("\0").filter((path) => path !== "" && existsSync(path));
}
