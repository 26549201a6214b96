// SPDX-License-Identifier: Apache-2.0
// Builds the tree once more, in another directory and under another umask, locale, time zone and date of every file, and
// compares byte by byte with what lies here. Usage: reproduce [--sample]; --sample builds a few doors and all JavaScript.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { filesBelow } from "./tree.js";

/** What is shipped, as the Makefile calls it. */
const everything = ["bpf", "addon", "canary", "launch", "triggers", "command"];
/** One program of each object, the largest ones. */
const sample = ["build/bpf/parts/file_open.o", "build/bpf/signal/file_open.o", "build/bpf/leaks/socket_sendmsg.o"];

const shipped = (path: string): boolean =>
  /^build\/(bpf\/cloudtaser[^/]*\.bpf\.o|cloudtaser-\w+|Release\/cloudtaser\.node|triggers\/\w+)$/.test(path) ||
  /^dist\/(bin|src)\/.*\.c?js$/.test(path);

export interface Difference {
  path: string;
  /** First byte that differs, or the length of the shorter one; -1: it is not there. */
  at: number;
}

/** Files of `paths` that are not the same in both trees. */
export function differences(one: string, other: string, paths: readonly string[]): Difference[] {
  return paths.flatMap((path) => {
    const read = (root: string): Buffer | undefined => {
      try {
        return readFileSync(join(root, path));
      } catch {
        return undefined;
      }
    };
    const [left, right] = [read(one), read(other)];
    if (left === undefined || right === undefined) return [{ path, at: -1 }];
    if (left.equals(right)) return [];
    const length = Math.min(left.length, right.length);
    let at = 0;
    while (at < length && left[at] === right[at]) at++;
    return [{ path, at }];
  });
}

/** A copy of the sources, with every file as old as the others. */
function copyTree(to: string): void {
  const list = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const paths = execFileSync("git", list, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).split("\0");
  for (const path of paths.filter((name) => name !== "")) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    // A file that git keeps may be gone.
    cpSync(path, join(to, path), { errorOnExist: false, force: true, filter: (source) => source !== "" });
  }
  // Links take no time; where that cannot be, a copy.
  const packages = ["node_modules", join(to, "node_modules")];
  if (spawnSync("cp", ["-al", ...packages], { stdio: "ignore" }).status !== 0) {
    rmSync(join(to, "node_modules"), { recursive: true, force: true });
    execFileSync("cp", ["-a", ...packages]);
  }
  execFileSync("find", [
    to,
    "-path",
    `${to}/node_modules`,
    "-prune",
    "-o",
    "-type",
    "f",
    "-exec",
    "touch",
    "-d",
    "@981173106",
    "{}",
    "+",
  ]);
}

function build(directory: string, sampled: boolean): void {
  mkdirSync(join(directory, "build"));
  execFileSync("touch", ["build/requirements.stamp"], { cwd: directory });
  // In the sample the digests stand for the objects that it does not build.
  const digests = "src/kernel/digests.gen.ts";
  if (sampled) cpSync(digests, join(directory, digests));
  const args = ["-s", "-o", "node_modules/.stamp", ...(sampled ? ["-o", digests, ...sample, "command"] : everything)];
  const env = {
    ...process.env,
    PWD: undefined,
    MAKEFLAGS: undefined,
    LC_ALL: "C.UTF-8",
    TZ: "Asia/Kathmandu",
    HOME: directory,
  };
  const { status, stdout, stderr } = spawnSync("sh", ["-c", 'umask 077 && exec make "$@"', "make", ...args], {
    cwd: directory,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the second build failed:\n${stdout}${stderr}`);
}

/** @return what differs, and how many files were compared */
export function reproduce(sampled: boolean): { compared: number; different: Difference[] } {
  const directory = mkdtempSync(join(tmpdir(), "ct-reproduce-with-another-length-of-path-"));
  try {
    copyTree(directory);
    build(directory, sampled);
    const built = [...filesBelow(join(directory, "build")), ...filesBelow(join(directory, "dist"))]
      .map((path) => path.slice(directory.length + 1))
      .filter((path) => (sampled && sample.includes(path)) || shipped(path));
    const here = readdirSync("dist/bin").map((name) => `dist/bin/${name}`);
    const paths = [...new Set([...built, ...here.filter(shipped)])].sort();
    return { compared: paths.length, different: differences(".", directory, paths) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const sampled = process.argv.includes("--sample");
  const { compared, different } = reproduce(sampled);
  for (const { path, at } of different) {
    process.stderr.write(`${path}: ${at < 0 ? "is only in one of the builds" : `differs from byte ${at} on`}\n`);
  }
  if (different.length > 0) process.exitCode = 1;
  else process.stdout.write(`${compared} files came out the same, byte by byte, in another directory\n`);
}
