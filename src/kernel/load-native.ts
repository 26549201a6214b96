// SPDX-License-Identifier: Apache-2.0
// Finds and loads the addon: a prebuilt one for this machine if the package has it, else the one that the build made.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Native } from "./native.js";

/** code ADDON_MISSING: no file at any of the places; ADDON_UNLOADABLE: there is one, cause says why it does not load. */
export class AddonError extends Error {
  override readonly name = "AddonError";
  constructor(
    readonly code: "ADDON_MISSING" | "ADDON_UNLOADABLE",
    /** Path of the addon, or of the package that lacks one. */
    readonly target: string,
    /** A sentence that says what to do. */
    readonly advice: string,
    options?: { cause: unknown },
  ) {
    const cause = options?.cause instanceof Error ? `: ${options.cause.message}` : "";
    super(`${code}: native addon ${target}${cause}. ${advice}`, options);
  }
}

// An addon of an older build that lacks one of these would fail much later, in the middle of something.
const expected = [
  "libbpfVersion",
  "possibleCpus",
  "openObject",
  "openMap",
  "openLink",
  "openIterator",
  "openRing",
  "kernelHasFunction",
  "kernelEnumerator",
  "releaseBtf",
  "trim",
  "loadedProgram",
  "mapExists",
  "linksAt",
  "openPidfd",
  "peerCredentials",
  "exec",
  "notify",
  "coreLimit",
  "memlock",
  "openByHandle",
  "fingerprints",
] as const satisfies readonly (keyof Native)[];

type Missing = Exclude<keyof Native, (typeof expected)[number]>;
const complete: [Missing] extends [never] ? true : Missing = true;

/** The directory of this package: the same search from src/, dist/src/ and dist/bin/. */
export function packageRoot(from = import.meta.dirname): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const manifest = join(directory, "package.json");
    if (existsSync(manifest) && /"name":\s*"cloudtaser"/.test(readFileSync(manifest, "utf8"))) return directory;
    if (dirname(directory) === directory) {
      throw new AddonError("ADDON_MISSING", from, "The package's own package.json is gone: install cloudtaser again.");
    }
  }
}

/** The addon's file: a prebuilt one before one that was built here. */
export function findAddon(root = packageRoot()): string {
  const paths = [
    join(root, "prebuilds", `${process.platform}-${process.arch}`, "cloudtaser.node"),
    join(root, "build", "Release", "cloudtaser.node"),
  ];
  const path = paths.find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  const advice = "Build it with `make`, or install a package made for this machine.";
  throw new AddonError("ADDON_MISSING", paths.join(" or "), advice);
}

/** Loads the addon, once per thread; throws AddonError. */
export function loadNative(path = findAddon()): Native {
  try {
    const addon: unknown = createRequire(import.meta.url)(path);
    if (isNative(addon)) return addon;
  } catch (cause) {
    const advice = "It needs libbpf 1.x (Debian, Ubuntu: libbpf1) and the processor that it was built for.";
    throw new AddonError("ADDON_UNLOADABLE", path, advice, { cause });
  }
  throw new AddonError("ADDON_UNLOADABLE", path, "It is from another version: build it again with `make`.");
}

function isNative(addon: unknown): addon is Native {
  const functions = new Map(Object.entries(addon ?? {}));
  return complete && expected.every((name) => typeof functions.get(name) === "function");
}
