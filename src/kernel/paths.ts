// SPDX-License-Identifier: Apache-2.0
// Where the installed pieces lie, and constants of the installation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./load-native.js";

/** Protected processes for which there is a place: CT_SCOPE_PLACES of bpf/scope.h; test/contract holds the two together. */
export const scopeLimit = 32_704;

/** Directory of BPF objects. */
export function objectsPath(): string {
  return join(packageRoot(), "build", "bpf");
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
