// SPDX-License-Identifier: Apache-2.0
// From configuration to what the kernel holds. Everything is resolved before anything is written, so that a bad entry
// changes nothing.
import { type Config, policyOf, resolveExecutable } from "../config/index.js";
import { CloudtaserError } from "../errors/index.js";
import type { AllowEntry, Kernel, VectorRule } from "../kernel/index.js";
import { vectorNames } from "../vectors/index.js";
import { containerRuntimes } from "./runtimes.js";

/** max_entries of the map `allowed` in bpf/maps.h; test/contract holds the two together. */
export const maxAllowed = 16_384;

export interface ResolvedPolicy {
  rules: VectorRule[];
  allowed: AllowEntry[];
  nodeGuardsAlways: boolean;
  reportAllowed: boolean;
}

/** Throws ALLOW_EXE_UNUSABLE for an allowed executable that is not there. */
export function resolvePolicy(config: Config): ResolvedPolicy {
  const rules: VectorRule[] = [];
  const allowed: AllowEntry[] = [];
  for (const vector of vectorNames) {
    const { mode, kill, allow } = policyOf(config, vector);
    rules.push({ vector, mode, kill });
    if (vector === "ns_enter") allowed.push(...containerRuntimes(vector));
    for (const exe of allow) allowed.push({ vector, ...resolveExecutable(exe) });
  }
  if (allowed.length > maxAllowed) {
    throw new CloudtaserError("CONFIG_BAD_VALUE", {
      target: "allow",
      fields: { key: "allow", reason: `${allowed.length} entries over all vectors, and at most ${maxAllowed} fit` },
    });
  }
  return { rules, allowed, nodeGuardsAlways: config.nodeGuards === "always", reportAllowed: config.logAll };
}

/** What is allowed is written before what is refused: a program on the list never meets a rule without its exception. */
export async function applyPolicy(kernel: Kernel, policy: ResolvedPolicy): Promise<void> {
  // First, because it may be refused: doors that sleep are attached and proved for it.
  await kernel.setNodeGuards(policy.nodeGuardsAlways ? "always" : "protected");
  kernel.setAllowed(policy.allowed);
  kernel.setPolicy(policy.rules);
  kernel.setSettings(policy);
}

/** Settings that a running agent cannot change, as far as they differ. */
export function needsRestart(before: Config, after: Config): string[] {
  const fixed: [string, (config: Config) => unknown][] = [
    ["form", (c) => c.form],
    ["objectPath", (c) => c.objectPath],
    ["pinPath", (c) => c.pinPath],
    ["health.listen", (c) => c.health.listen],
    ["control", (c) => c.control],
    ["events", (c) => c.events],
    ["nodeName", (c) => c.nodeName],
  ];
  return fixed.filter(([, pick]) => JSON.stringify(pick(before)) !== JSON.stringify(pick(after))).map(([name]) => name);
}
