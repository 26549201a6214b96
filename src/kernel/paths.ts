// SPDX-License-Identifier: Apache-2.0
// Where the installed pieces lie, and constants of the installation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Form } from "./doors.js";
import { packageRoot } from "./load-native.js";

/** max_entries of the map `scope` in bpf/maps.h; test/contract holds the two together. */
export const scopeLimit = 32_768;

/** @param directory of BPF objects, as configured; that of the installation if left out */
export function objectPath(directory?: string, form?: Form): string {
  const name = form === "signal" ? "cloudtaser-signal.bpf.o" : "cloudtaser.bpf.o";
  return join(directory ?? join(packageRoot(), "build", "bpf"), name);
}

/** The object that looks for secrets. @param directory as for objectPath() */
export function leakObjectPath(directory?: string): string {
  return join(directory ?? join(packageRoot(), "build", "bpf"), "cloudtaser-leaks.bpf.o");
}

export function canaryPath(): string {
  return join(packageRoot(), "build", "cloudtaser-canary");
}

/** Directory of the attack programs that the selftest runs. */
export function triggersPath(): string {
  return join(packageRoot(), "build", "triggers");
}

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return String((manifest as { version?: unknown }).version ?? "0.0.0");
}
