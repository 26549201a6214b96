// SPDX-License-Identifier: Apache-2.0
// The room of secrets, joined with the kernel that matches them and with who is protected.
import { dirname, join } from "node:path";
import type { StatusReport } from "../control/protocol.js";
import type { Kernel } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import type { Groups, Scope } from "../scope/index.js";
import { Secrets } from "../secrets/index.js";

type PreparedIn = ReturnType<Kernel["leaks"]["prepare"]>;

/** Whether a process of that workload is protected. */
export function isRunning(workload: string, groups: Pick<Groups, "numberOf">, scope: Pick<Scope, "records">): boolean {
  const group = groups.numberOf(workload);
  return group !== undefined && scope.records().some(({ who }) => who.group === group);
}

/** The same of any workload, by one census for all. */
export function whoRuns(
  groups: Pick<Groups, "numberOf">,
  scope: Pick<Scope, "records">,
): (workload: string) => boolean {
  const running = new Set(scope.records().map(({ who }) => who.group));
  return (workload) => {
    const group = groups.numberOf(workload);
    return group !== undefined && running.has(group);
  };
}

/** @param socket the control socket, beside which names are kept */
export function openSecrets(
  kernel: Kernel,
  groups: Groups,
  scope: Scope,
  socket: string,
  agentLog: Log,
): Secrets<PreparedIn> {
  const log = agentLog.child("secrets");
  if (kernel.leaks.failure !== "") {
    log.error("the secrets that an earlier agent registered are not looked for any more: register them again", {
      reason: kernel.leaks.failure,
    });
  }
  return new Secrets({
    file: join(dirname(socket), "secrets.ndjson"),
    kernel: kernel.leaks,
    groups,
    whoRuns: () => whoRuns(groups, scope),
    log,
  });
}

/** What status says of them. */
export function secretsReport(kernel: Kernel, secrets: Pick<Secrets, "list"> | undefined): StatusReport["secrets"] {
  const counts = new Map<string, number>();
  for (const { workload } of secrets?.list() ?? []) counts.set(workload, (counts.get(workload) ?? 0) + 1);
  return {
    unsupported: kernel.leaks.unsupported,
    workloads: [...counts].map(([workload, count]) => ({ workload, count })),
  };
}
