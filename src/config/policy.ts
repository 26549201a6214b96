// SPDX-License-Identifier: Apache-2.0
// What the configuration says about one vector, with the global settings and the table's default worked in.

import { type Mode, type VectorName, vectorEntry } from "../vectors/index.js";
import type { Config } from "./schema.js";

export interface VectorPolicy {
  mode: Mode;
  /** Kill the offender of a denial. Never true unless mode is enforce. */
  kill: boolean;
  /** Paths of executables that may do it. */
  allow: readonly string[];
}

export function policyOf(config: Config, name: VectorName): VectorPolicy {
  const own = config.vectors[name];
  const { defaultMode } = vectorEntry(name);
  const inherits = defaultMode === "inherit" || (name === "agent_signal" && config.selfProtection);
  const mode = own?.mode ?? (inherits ? config.mode : defaultMode);
  const allow = [...config.allow, ...(own?.allow ?? [])].map(({ exe }) => exe);
  return { mode, kill: mode === "enforce" && (own?.kill ?? config.kill), allow: [...new Set(allow)] };
}
