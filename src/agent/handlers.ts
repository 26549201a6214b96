// SPDX-License-Identifier: Apache-2.0
// The control protocol's verbs, in terms of the agent.
import type { ControlHandlers, Peer, ProtectReport, ProtectRequest } from "../control/protocol.js";
import type { ProtectResult, Target } from "../scope/index.js";
import type { Agent } from "./agent.js";
import { protectContainer } from "./containers.js";
import { processReport, vectorReports } from "./reports.js";

function targetOf(request: ProtectRequest, peer: Peer): Target {
  if (request.self) return { pid: peer.pid };
  if (request.unit !== undefined) return { unit: request.unit };
  if (request.cgroup !== undefined) return { cgroup: request.cgroup };
  return { pid: request.pid ?? 0 };
}

export function createHandlers(agent: Agent): ControlHandlers {
  const report = (result: ProtectResult): ProtectReport => ({
    workload: result.workload,
    processes: result.records.map((record) =>
      processReport(record, (group) => agent.groups.nameOf(group), agent.hardening),
    ),
    warnings: result.warnings,
  });
  return {
    status: () => agent.status(),
    vectors: () => vectorReports(agent.config, agent.kernel),
    protect: async (request, peer) => report(await agent.scope.protect(targetOf(request, peer), request.name)),
    unprotect: async ({ pid, workload }) =>
      report(agent.scope.unprotect(workload === undefined ? { pid: pid ?? 0 } : { workload })),
    container: async (request, peer) => protectContainer(agent.containers, request, peer),
    reload: () => agent.reload(),
    selftest: (given) => agent.selftests.note(given),
    secrets: () => ({ unsupported: agent.kernel.leaks.unsupported, secrets: agent.secrets.list() }),
    addSecret: (request, value) => agent.kernel.guarding(() => agent.secrets.add({ ...request, value }), "partial"),
    removeSecret: ({ workload, name }) => ({ removed: agent.secrets.remove(workload, name) }),
    subscribe: (count, onLine, filter) => agent.subscribe(count, onLine, filter),
  };
}
