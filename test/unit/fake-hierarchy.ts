// SPDX-License-Identifier: Apache-2.0
// Opens directories of an ordinary tree by their inode numbers, as the kernel opens control groups by their ids.
import { openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export const stale = Object.assign(new Error("ESTALE: open by handle"), { code: "ESTALE" });

export function openByWalk(root: string, id: bigint): number {
  const directories = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  const found = [root, ...directories].find((path) => statSync(path, { bigint: true }).ino === id);
  if (found === undefined) throw stale;
  return openSync(found, "r");
}
