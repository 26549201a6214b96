// SPDX-License-Identifier: Apache-2.0
// Puts the hook into a directory of the node, with the Node that runs this command, the libraries that it has loaded and
// their loader: so it runs on nodes that have neither Node nor its libraries, also from the image, which has no shell.

import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { packageRoot } from "../kernel/load-native.js";

export interface Installed {
  directory: string;
  /** As a runtime is to start it. */
  command: string[];
}

const entry = "cloudtaser-hook.cjs";
/** What the entry loads. Beside it lie the files of the command, which no runtime starts. */
const ofHook = /^hook-.*\.cjs$/;
const loader = /^ld-(?:linux|musl)[^/]*\.so[^/]*$/;

/** Throws HOOK_NOT_INSTALLED. @param from where the bundled command is */
export function install(directory: string, from = join(packageRoot(), "dist", "bin")): Installed {
  try {
    if (!directory.startsWith("/")) throw new Error("a runtime needs an absolute path");
    const libraries = join(directory, "lib");
    mkdirSync(libraries, { recursive: true, mode: 0o755 });
    for (const one of [directory, libraries]) checkOwner(one);
    const names = mappedLibraries().flatMap((path) => {
      const found = namesOf(path);
      for (const name of found) put(path, join(libraries, name), 0o755);
      return found;
    });
    put("/proc/self/exe", join(directory, "node"), 0o755);
    const there = readdirSync(from);
    if (!there.includes(entry)) throw new Error(`${join(from, entry)} is missing: this installation is not whole`);
    // The entry last: it names the others.
    for (const part of [...there.filter((name) => ofHook.test(name)), entry])
      put(join(from, part), join(directory, part), 0o644);
    const node = [join(directory, "node"), join(directory, entry)];
    const start = names.find((name) => loader.test(name));
    const command = start === undefined ? node : [join(libraries, start), "--library-path", libraries, ...node];
    return { directory, command };
  } catch (cause) {
    const fields = { reason: reasonOf(cause) };
    throw new CloudtaserError("HOOK_NOT_INSTALLED", { target: directory, fields, cause });
  }
}

/** Runtimes run as root what lies there. */
function checkOwner(directory: string): void {
  const { uid, mode } = statSync(directory);
  if (uid !== (process.geteuid?.() ?? 0) || (mode & 0o022) !== 0)
    throw new Error(`${directory} belongs to user ${uid} or others may write to it`);
}

/** A hook that runs meanwhile keeps the old file. */
function put(from: string, to: string, mode: number): void {
  copyFileSync(from, `${to}.new`);
  chmodSync(`${to}.new`, mode);
  renameSync(`${to}.new`, to);
}

/** What this process has loaded, the loader among it. */
function mappedLibraries(): string[] {
  const paths = readFileSync("/proc/self/maps", "utf8").matchAll(/^\S+ \S+ \S+ \S+ \S+ +(\/.*\.so(?:\.[\d.]+)?)$/gm);
  return [...new Set([...paths].map(([, path = ""]) => path))];
}

/** Under which a library may be looked for: a file has its full version in its name, a link that of its interface. */
function namesOf(path: string): string[] {
  const directory = dirname(path);
  const links = readdirSync(directory, { withFileTypes: true }).filter(
    (one) => one.isSymbolicLink() && /\.so\.\d+$/.test(one.name) && realpathOf(join(directory, one.name)) === path,
  );
  return [...new Set([basename(path), ...links.map(({ name }) => name)])];
}

function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return "";
  }
}
