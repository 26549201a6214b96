// SPDX-License-Identifier: Apache-2.0
// The control protocol's verbs, in terms of the agent.
import type { ControlHandlers, Peer, ProtectReport, ProtectRequest } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";
import { nameOf, type ProtectResult, type Target } from "../scope/index.js";
import type { Agent } from "./agent.js";
import { protectContainer } from "./containers.js";
import { vectorReports } from "./reports.js";
import { isRunning } from "./secrets.js";
import { processReports } from "./snapshot.js";

function targetOf(request: ProtectRequest, peer: Peer): Target {
  if (request.self) return { pid: peer.pid };
  if (request.unit !== undefined) return { unit: request.unit };
  if (request.cgroup !== undefined) return { cgroup: request.cgroup };
  // What the agent starts would belong to the workload, the canary by which doors are proved among it.
  if (request.pid === process.pid) throw new CloudtaserError("PID_IS_AGENT", { target: String(request.pid) });
  return { pid: request.pid ?? 0 };
}

export function createHandlers(agent: Agent): ControlHandlers {
  const report = async ({ workload, records, warnings }: ProtectResult): Promise<ProtectReport> => {
    const parts = { workloadOf: (group: number) => agent.groups.nameOf(group), hardening: agent.hardening };
    return { workload, processes: await processReports(records, parts), warnings };
  };
  return {
    status: () => agent.status(),
    vectors: () => vectorReports(agent.config, agent.kernel),
    protect: async (request, peer) => {
      const target = targetOf(request, peer);
      const workload = request.name ?? nameOf(target);
      // Members may look at each other.
      const mayJoin = (): void => {
        if (isRunning(workload, agent.groups, agent.scope))
          agent.authority.demand(peer, `protect: joining workload ${workload}`);
      };
      return report(await agent.scope.protect(target, request.name, "whole", mayJoin));
    },
    unprotect: async ({ pid, workload }, peer) => {
      agent.authority.demand(peer, `unprotect ${workload ?? pid}`);
      return report(agent.scope.unprotect(workload === undefined ? { pid: pid ?? 0 } : { workload }));
    },
    container: async (request, peer) => {
      const { scope, groups, pods, log } = agent;
      return protectContainer({ scope, groups, pods, log: log.child("container") }, request, peer);
    },
    reload: () => agent.reload(),
    selftest: (given) => agent.selftests.note(given),
    secrets: () => ({ unsupported: agent.kernel.leaks.unsupported, secrets: agent.secrets.list() }),
    addSecret: (request, value, peer) => {
      const { workload, name, allow, replace } = request;
      return agent.kernel.guarding(() => {
        // Here, where nobody else can have changed it before it is added.
        const before = agent.secrets.list().find((one) => one.workload === workload && one.name === name);
        if (before && (replace || allow.some((place) => !before.allow.includes(place)))) {
          agent.authority.demand(peer, `secrets add: changing ${name} of ${workload}`);
        }
        return agent.secrets.add({ ...request, value });
      }, "partial");
    },
    removeSecret: ({ workload, name }, peer) => {
      agent.authority.demand(peer, `secrets remove ${name ?? "all"} of ${workload}`);
      return { removed: agent.secrets.remove(workload, name) };
    },
    subscribe: (count, onLine, filter) => agent.subscribe(count, onLine, filter),
  };
}
