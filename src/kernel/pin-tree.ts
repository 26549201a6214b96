// SPDX-License-Identifier: Apache-2.0
// Directories in bpffs as anybody may have filled them who was root when nobody was refused: of any depth, with links
// that lead elsewhere. None of it is followed.
import { lstatSync, readdirSync, renameSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../errors/index.js";

/** What could not be removed. */
export interface LeftPin {
  path: string;
  reason: string;
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

export const isThere = (path: string): boolean => look(path) !== undefined;

/** A pin is a file to everybody else. */
export const isPin = (path: string): boolean => look(path)?.isFile() ?? false;

const isDirectory = (path: string): boolean => look(path)?.isDirectory() ?? false;

export const entriesOf = (directory: string): string[] =>
  isDirectory(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];

/** Removes what is there, with all that lies in it. What cannot be removed is named, and the rest is gone. */
export function removeTree(path: string): LeftPin[] {
  const left: LeftPin[] = [];
  const attempt = (target: string, action: (path: string) => void): boolean => {
    try {
      action(target);
      return true;
    } catch (error) {
      if (!isThere(target)) return true;
      left.push({ path: target, reason: reasonOf(error) });
      return false;
    }
  };
  if (!isThere(path)) return left;
  if (!isDirectory(path)) {
    attempt(path, unlinkSync);
    return left;
  }
  let moved = 0;
  const freeName = (): string => {
    let name: string;
    do name = join(path, `moved-${moved++}`);
    while (isThere(name));
    return name;
  };
  const open = entriesOf(path);
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (!isDirectory(one)) {
      attempt(one, unlinkSync);
      continue;
    }
    // A path cannot be longer than the kernel takes, and directories can lie deeper: the inner ones come up first.
    for (const inner of entriesOf(one)) {
      if (!isDirectory(inner)) attempt(inner, unlinkSync);
      else {
        const up = freeName();
        if (attempt(inner, (from) => renameSync(from, up))) open.push(up);
      }
    }
    attempt(one, rmdirSync);
  }
  if (left.length === 0) attempt(path, rmdirSync);
  return left;
}
