// SPDX-License-Identifier: Apache-2.0
// Which events a reader wants: by type, severity, workload and time. The same for sinks and for `cloudtaser events`.

import { type Severity, severities } from "../vectors/index.js";
import type { AnyEvent } from "./any.js";

export interface FilterOptions {
  types?: readonly string[] | undefined;
  minSeverity?: Severity | undefined;
  /** Events against other workloads are left out; those on the node and the agent's own pass. */
  workloads?: readonly string[] | undefined;
  /** Unix milliseconds. */
  since?: number | undefined;
}

export type EventFilter = (event: AnyEvent) => boolean;

export function eventFilter({ types, minSeverity, workloads, since }: FilterOptions): EventFilter {
  const wantedTypes = types === undefined ? undefined : new Set(types);
  const wantedWorkloads = workloads === undefined ? undefined : new Set(workloads);
  const lowest = severities.indexOf(minSeverity ?? "info");
  return (event) => {
    if (wantedTypes !== undefined && !wantedTypes.has(event.type)) return false;
    if (severities.indexOf(event.severity) < lowest) return false;
    if (wantedWorkloads !== undefined && event.vector !== null && event.target !== null) {
      if (!wantedWorkloads.has(event.target.workload ?? "")) return false;
    }
    return since === undefined || Date.parse(event.time) >= since;
  };
}
