// SPDX-License-Identifier: Apache-2.0
// From configuration to what the doors need: rules for all, rules of workloads, allow list.
import {
  type Config,
  hasOwnPolicy,
  parseDestination,
  policyOf,
  type VectorPolicy,
  workloadNamed,
} from "../config/index.js";
import type { AllowEntry, GroupRules, PolicySet } from "../kernel/index.js";
import { vectorEntry, vectorNames } from "../vectors/index.js";

/** @param numberOf the group under which the kernel knows a workload, whether or not anything of it is protected yet */
export function buildPolicy(
  config: Config,
  allowed: AllowEntry[],
  numberOf: (name: string) => number,
): Omit<PolicySet, "authority"> {
  const groups = config.workloads.filter(hasOwnPolicy).map((workload): GroupRules => {
    const ofProcesses = vectorNames.filter((vector) => vectorEntry(vector).scope !== "node");
    return {
      group: numberOf(workload.name),
      rules: ofProcesses.map((vector) => ({ vector, ...policyOf(config, vector, workload) })),
      membersMayInspect: workload.membersMayInspect ?? config.membersMayInspect,
      // What was not valid was refused with the configuration.
      egress: workload.egress?.map((text) => parseDestination(text)).filter((one) => one !== undefined),
    };
  });
  return {
    rules: vectorNames.map((vector) => ({ vector, ...policyOf(config, vector) })),
    groups,
    membersMayInspect: config.membersMayInspect,
    allowed,
    nodeGuardsAlways: config.nodeGuards === "always",
    reportAllowed: config.logAll,
  };
}

/** Where the rules of a workload differ from those of all; {} if nowhere. */
export function overridesOf(config: Config, name: string): Record<string, VectorPolicy> {
  const workload = workloadNamed(config, name);
  const differing = vectorNames.flatMap((vector): [string, VectorPolicy][] => {
    if (workload === undefined || vectorEntry(vector).scope === "node") return [];
    const own = policyOf(config, vector, workload);
    const all = policyOf(config, vector);
    return own.mode === all.mode && own.kill === all.kill ? [] : [[vector, own]];
  });
  return Object.fromEntries(differing);
}
