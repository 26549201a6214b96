// SPDX-License-Identifier: Apache-2.0
// Workloads that the configuration names. They are taken in with what stands: a node must not be open because of one
// door, or one workload, that is not there yet.
import type { Config } from "../config/index.js";
import type { Log } from "../log/index.js";
import type { Scope } from "../scope/index.js";

export async function protectConfigured(scope: Scope, config: Config, log: Log): Promise<void> {
  for (const { name, pid, unit, cgroup } of config.workloads) {
    const target =
      pid !== undefined ? { pid } : unit !== undefined ? { unit } : cgroup !== undefined ? { cgroup } : undefined;
    if (target === undefined) continue; // rules for what comes under that name later
    // A unit or control group that is not there yet is taken up when it comes.
    if (!("pid" in target)) scope.expect(name, target);
    try {
      const { records, warnings } = await scope.protect(target, name, "partial");
      log.info("workload protected", { name, processes: records.length, warnings });
    } catch (error) {
      log.error("workload not protected", { name, error });
    }
  }
}
