// SPDX-License-Identifier: Apache-2.0
// Workloads that the configuration names. They are taken in with what stands: a node must not be open because of one
// door, or one workload, that is not there yet.
import type { Config } from "../config/index.js";
import type { Log } from "../log/index.js";
import type { Scope, Target } from "../scope/index.js";

export async function protectConfigured(scope: Scope, config: Config, log: Log): Promise<void> {
  for (const workload of config.workloads) {
    const { name } = workload;
    const target = targetOf(workload);
    if (target === undefined) continue; // rules for what comes under that name later
    try {
      // A unit or control group that is not there yet is taken up when it comes.
      if (!("pid" in target)) scope.follow(name, target);
      const { records, warnings } = await scope.protect(target, name, "partial");
      log.info("workload protected", { name, processes: records.length, warnings });
    } catch (error) {
      log.error("workload not protected", { name, error });
    }
  }
}

function targetOf({ pid, unit, cgroup, cgroups }: Config["workloads"][number]): Target | undefined {
  if (pid !== undefined) return { pid };
  if (unit !== undefined) return { unit };
  if (cgroup !== undefined) return { cgroup };
  return cgroups === undefined ? undefined : { cgroups };
}
