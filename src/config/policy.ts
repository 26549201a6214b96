// SPDX-License-Identifier: Apache-2.0
// What the configuration says about one vector, for all or against one workload, with the table's default worked in.

import { type Mode, type VectorName, vectorEntry } from "../vectors/index.js";
import type { Config, WorkloadConfig } from "./schema.js";

export type AllowConfig = Config["allow"][number];

export interface VectorPolicy {
  mode: Mode;
  /** Kill the offender of a denial. Never true unless mode is enforce. */
  kill: boolean;
}

/** The nearest word counts: this vector of the workload, this vector, the workload, all. */
export function policyOf(config: Config, name: VectorName, workload?: WorkloadConfig): VectorPolicy {
  const near = workload?.vectors?.[name];
  const own = config.vectors[name];
  const { defaultMode } = vectorEntry(name);
  const inherits = defaultMode === "inherit" || (name === "agent_signal" && config.selfProtection);
  const base = inherits ? (workload?.mode ?? config.mode) : defaultMode;
  const mode = near?.mode ?? own?.mode ?? base;
  const kill = near?.kill ?? own?.kill ?? workload?.kill ?? config.kill;
  return { mode, kill: mode === "enforce" && kill };
}

/** The rules under the name of a workload; undefined if the configuration has none. */
export function workloadNamed(config: Config, name: string | undefined): WorkloadConfig | undefined {
  return config.workloads.find((workload) => workload.name === name);
}

/** The workload has rules of its own, beside being protected. */
export function hasOwnPolicy({ mode, kill, vectors, membersMayInspect, egress }: WorkloadConfig): boolean {
  return [mode, kill, vectors, membersMayInspect, egress].some((value) => value !== undefined);
}
