// SPDX-License-Identifier: Apache-2.0
// Joins the pods of this node with scope and policy. Loaded only for a configuration that has kubernetes.

import { dirname, join } from "node:path";
import type { Config, WorkloadConfig } from "../config/index.js";
import { CloudtaserError } from "../errors/index.js";
import type { Kernel } from "../kernel/index.js";
import type { KubernetesSource, PodGuard, PodNotice } from "../kubernetes/index.js";
import type { Log } from "../log/index.js";
import type { Scope } from "../scope/index.js";
import type { Rules } from "./rules.js";

export interface PodParts {
  config: Config;
  scope: Pick<Scope, "protectCgroups" | "holdsCgroup" | "unprotect">;
  kernel: Kernel;
  rules: Pick<Rules, "setMore" | "name">;
  stream: { announce(notice: PodNotice): void };
  log: Log;
}

export function podGuard({ scope, kernel, rules }: Pick<PodParts, "scope" | "kernel" | "rules">): PodGuard {
  return {
    rules: async (workloads) =>
      rules.setMore(
        kernel,
        workloads.map((one) => ({ name: one.name, ...one.rules })),
      ),
    async protect(groups) {
      // With what stands: a pod must not be open because of one door that is not proved.
      rules.name(groups.map(({ workload }) => workload));
      const wanted = groups.map(({ cgroup, workload }) => ({ path: cgroup, workload }));
      return (await scope.protectCgroups(wanted)).map((one) => ("error" in one ? one.error : undefined));
    },
    holds: (cgroup) => scope.holdsCgroup(cgroup),
    // The kernel's table forgets what is gone at the next round; whoever has left the group in time stays protected.
    gone: async () => {},
    async unprotect(_cgroup, workload) {
      try {
        scope.unprotect({ workload });
      } catch (error) {
        if (!(error instanceof CloudtaserError && error.code === "WORKLOAD_UNKNOWN")) throw error;
      }
    },
  };
}

const memoryOf = ({ control }: Config): string => join(dirname(control.socket), "pods.json");

/** Rules of the pods that an earlier agent protected, as workloads of the configuration. */
export async function rulesOfPods(config: Config): Promise<WorkloadConfig[]> {
  if (config.kubernetes === undefined) return [];
  const { fileMemory, rememberedRules } = await import("../kubernetes/index.js");
  return rememberedRules(fileMemory(memoryOf(config)), config.kubernetes).map(({ name, rules }) => ({
    name,
    ...rules,
  }));
}

/** What an earlier agent protected is protected when it resolves. */
export async function startPods(parts: PodParts): Promise<KubernetesSource | undefined> {
  const { config, stream } = parts;
  if (config.kubernetes === undefined) return undefined;
  const { fileMemory, KubernetesSource: Source } = await import("../kubernetes/index.js");
  const source = new Source({
    config: config.kubernetes,
    node: config.nodeName,
    env: process.env,
    guard: podGuard(parts),
    memory: fileMemory(memoryOf(config)),
    announce: (notice) => stream.announce(notice),
    log: parts.log.child("kubernetes"),
  });
  await source.start();
  return source;
}
