// SPDX-License-Identifier: Apache-2.0
// What this room needs of those that protect.
import type { PodRules } from "./annotations.js";

export interface PodGroup {
  /** Path inside the hierarchy. */
  cgroup: string;
  workload: string;
}

export interface PodGuard {
  /**
   * The rules of every protected pod that has some, oldest first, in place of those that were given before. Comes before
   * protect(), so that no pod is guarded by other rules first. Returns the names of those for which there was no room:
   * these have the rules of all.
   */
  rules(workloads: readonly { name: string; rules: PodRules }[]): Promise<readonly string[]>;
  /**
   * Everything in the groups and below them, also what comes later; one that is protected already stays so. Many at once,
   * since the kernel looks through all processes for each call. Returns what went wrong with each, in their order.
   */
  protect(groups: readonly PodGroup[]): Promise<unknown[]>;
  /** Whether the group that is at that path now is protected: one that was there before under its name is not meant. */
  holds(cgroup: string): boolean;
  /** The group is gone. Whoever left it in time stays protected. */
  gone(cgroup: string, workload: string): Promise<void>;
  /** The configuration no longer wants it. */
  unprotect(cgroup: string, workload: string): Promise<void>;
}
