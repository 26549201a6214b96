// SPDX-License-Identifier: Apache-2.0
// What a Scope is given, asked and answers.
import type { Followed } from "./following.js";
import type { Groups } from "./groups.js";
import type { Hardening } from "./hardening.js";
import type { Hierarchy, OpenById } from "./hierarchy.js";
import type { HeldProcess, ScopeKernel, ScopeRecord, ScopeRoles } from "./kernel.js";

export interface ScopeOptions {
  kernel: ScopeKernel;
  groups: Groups;
  roles: ScopeRoles;
  hold: (pid: number) => HeldProcess;
  /** Entries that the kernel's tables take: of processes, and of control groups. */
  limit: number;
  cgroupLimit: number;
  openCgroup: OpenById;
  /** Of control groups; that of this node if left out. */
  hierarchy?: Hierarchy;
  hardening: Hardening;
  /** What others had open of these processes before. */
  lookAround: (workloads: readonly (readonly number[])[]) => Promise<string[]>;
}

export type Target = { pid: number } | Followed;

export interface ProtectResult {
  workload: string;
  records: ScopeRecord[];
  warnings: string[];
}

/** error: why this one is not protected; it has no id then. */
export interface RegisteredCgroup {
  path: string;
  id?: bigint;
  error?: unknown;
}
