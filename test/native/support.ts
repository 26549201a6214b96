// SPDX-License-Identifier: Apache-2.0
// For the addon's tests: fixtures compiled on demand, and child processes that load the addon by path.

import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAddon, loadNative } from "../../src/kernel/load-native.js";
import type { BpfObject, NativeError } from "../../src/kernel/native.js";

/** CT_ADDON: another build of it, such as the one with sanitizers. */
const addon = process.env["CT_ADDON"] ?? findAddon();

export const native = loadNative(addon);

/** A directory that is gone after the test run. */
export const scratch = mkdtempSync(join(tmpdir(), "cloudtaser-native-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** Compiles test/native/fixtures/NAME.bpf.c; returns the object's path. */
export function compile(name: "shape" | "maps" | "ring" | "refused"): string {
  const source = join(import.meta.dirname, "fixtures", `${name}.bpf.c`);
  const object = join(scratch, `${name}.bpf.o`);
  const architecture = process.arch === "arm64" ? "arm64" : "x86";
  const multiarch = `/usr/include/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  const flags = ["-target", "bpf", "-O2", "-g", "-Wall", "-Werror", `-D__TARGET_ARCH_${architecture}`];
  execFileSync(process.env["CLANG"] ?? "clang-19", [...flags, "-I", multiarch, "-c", source, "-o", object]);
  return object;
}

/** As the agent does, but for the check of the digest. */
export function openFile(path: string): BpfObject {
  return native.openObject(path, readFileSync(path));
}

/** The NativeError that `action` throws. */
export function failure(action: () => unknown): NativeError {
  try {
    action();
  } catch (error) {
    return error as NativeError;
  }
  throw new Error("nothing was thrown");
}

/** Runs `body` in a new node with the addon as `native`; `under` are words before node, such as unshare. */
export function child(
  body: string,
  options: { under?: string[]; flags?: string[]; args?: string[]; env?: NodeJS.ProcessEnv } = {},
): SpawnSyncReturns<string> {
  const script = `const native = require(process.env.ADDON);
    const openFile = (path, from = native) => from.openObject(path, require("fs").readFileSync(path));
    ${body}`;
  const words = [...(options.under ?? []), process.execPath, ...(options.flags ?? []), "-e", script, "--"];
  const [command = "", ...rest] = words;
  return spawnSync(command, [...rest, ...(options.args ?? [])], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, ...options.env, ADDON: addon },
  });
}

export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
