// SPDX-License-Identifier: Apache-2.0
// Who is protected, for an answer that names all of them: some at a time, and the event loop turns in between. Who is
// protected is what one census said, and which groups are is what the table held, both as the answer was begun; what is
// told of each is as it is when his turn comes.
import { setImmediate } from "node:timers/promises";
import type { ProcessReport, StatusReport } from "../control/protocol.js";
import type { Hardening, Scope, ScopeRecord } from "../scope/index.js";
import { processReport } from "./reports.js";

/** Processes, control groups or workloads that are handled before the event loop gets a turn. */
export const perTurn = 256;

export type Snapshot = Pick<StatusReport, "processes" | "cgroups" | "workloads">;

export interface SnapshotParts {
  scope: Pick<Scope, "each" | "eachCgroup">;
  workloadOf: (group: number) => string;
  hardening: Pick<Hardening, "of">;
  overridesOf: (workload: string) => StatusReport["workloads"][number]["overrides"];
}

/** What is made lazily is made in turns too. */
async function inTurns<Item, Result>(items: Iterable<Item>, each: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    results.push(each(item));
    if (results.length % perTurn === 0) await setImmediate();
  }
  return results;
}

export const processReports = (
  records: Iterable<ScopeRecord>,
  { workloadOf, hardening }: Pick<SnapshotParts, "workloadOf" | "hardening">,
): Promise<ProcessReport[]> => inTurns(records, (record) => processReport(record, workloadOf, hardening));

export async function takeSnapshot(parts: SnapshotParts): Promise<Snapshot> {
  const sizes = new Map<string, number>();
  const processes = await processReports(parts.scope.each(), parts);
  await inTurns(processes, ({ workload }) => sizes.set(workload, (sizes.get(workload) ?? 0) + 1));
  const cgroups = await inTurns(parts.scope.eachCgroup(), ({ id, path, workload }) => {
    sizes.set(workload, sizes.get(workload) ?? 0);
    return { id: id.toString(), path, workload };
  });
  const workloads = await inTurns(sizes, ([name, count]) => ({
    name,
    processes: count,
    overrides: parts.overridesOf(name),
  }));
  return { processes, cgroups, workloads };
}
