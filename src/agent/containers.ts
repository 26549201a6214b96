// SPDX-License-Identifier: Apache-2.0
// A container that is about to start, and waits for the answer. Its pod decides where there is one; else its own wish. What
// its maker chose (annotations, id, name) never gets it into the workload of another: members may look at each other.

import { createHash } from "node:crypto";
import type { ContainerReport, ContainerRequest, Peer } from "../control/protocol.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { KubernetesSource } from "../kubernetes/index.js";
import type { Log } from "../log/index.js";
import type { Groups, Scope } from "../scope/index.js";
import { firstProcess, groupOf, membersOf, type Places, places, startTicksOf } from "./first-process.js";

export interface ContainerParts {
  scope: Pick<Scope, "protect" | "protectCgroups" | "unprotect" | "records">;
  groups: Pick<Groups, "nameOf" | "numberOf">;
  pods: Pick<KubernetesSource, "wishFor"> | undefined;
  log: Pick<Log, "info" | "error">;
  places?: Places;
}

/** The hook has ten seconds, and an API server that answers tells of a pod sooner than its first container is made. */
const podPatienceMs = 2_000;

export async function protectContainer(
  parts: ContainerParts,
  request: ContainerRequest,
  peer: Peer,
): Promise<ContainerReport> {
  const { proc } = parts.places ?? places;
  let { wanted } = request;
  try {
    const pid = firstProcess(request, peer, proc);
    checkStart(request, pid, proc);
    const cgroup = groupOf(pid, proc);
    const pod = cgroup === undefined ? undefined : await parts.pods?.wishFor(cgroup, podPatienceMs);
    wanted ||= pod?.wanted === true;
    if (!wanted) return { protected: false, workload: null, warnings: [] };
    const report = pod?.workload === undefined ? await own(parts, request, pid, cgroup, peer) : inPod(parts, pid);
    checkStart(request, pid, proc);
    const { workload } = report;
    parts.log.info("container protected before its start", { container: request.id, pid, workload, cgroup });
    return report;
  } catch (error) {
    if (!wanted) throw error;
    parts.log.error("container not protected before its start", { container: request.id, error });
    const fields = { reason: reasonOf(error) };
    throw new CloudtaserError("CONTAINER_UNGUARDED", { target: request.id, fields, cause: error });
  }
}

function checkStart({ startTicks }: ContainerRequest, pid: number, proc: string): void {
  const found = startTicksOf(pid, proc);
  if (found === undefined) throw new CloudtaserError("PID_MISSING", { target: String(pid) });
  if (startTicks !== undefined && startTicks !== found)
    throw new CloudtaserError("PID_CHANGED_HANDS", { target: String(pid) });
}

const workloadIn = ({ scope, groups }: ContainerParts, pid: number): string | undefined => {
  const record = scope.records().find(({ who }) => who.tgid === pid);
  return record && groups.nameOf(record.who.group);
};

/** The pod's group is protected. What the kernel says of the process counts. */
function inPod(parts: ContainerParts, pid: number): ContainerReport {
  const workload = workloadIn(parts, pid);
  if (workload === undefined) throw new Error(`process ${pid} is in the pod's control group and not protected`);
  return { protected: true, workload, warnings: [] };
}

async function own(
  parts: ContainerParts,
  request: ContainerRequest,
  pid: number,
  cgroup: string | undefined,
  peer: Peer,
): Promise<ContainerReport> {
  const before = workloadIn(parts, pid);
  if (before !== undefined) return { protected: true, workload: before, warnings: [] };
  const { scope, groups } = parts;
  const workload = newName(groups, request, startTicksOf(pid, (parts.places ?? places).proc) ?? "");
  // With what stands, as for pods.
  const { warnings } = await scope.protect({ pid }, workload, "partial");
  try {
    checkStart(request, pid, (parts.places ?? places).proc);
  } catch (error) {
    scope.unprotect({ workload });
    throw error;
  }
  return {
    protected: true,
    workload,
    warnings: [...warnings, ...(await ownGroup(parts, workload, pid, cgroup, peer))],
  };
}

/** The container's group, so that who enters it later is protected too; only if it is nobody else's. */
async function ownGroup(
  parts: ContainerParts,
  workload: string,
  pid: number,
  cgroup: string | undefined,
  peer: Peer,
): Promise<string[]> {
  const only = "who enters the container later is not protected, only what its first process starts";
  if (cgroup === undefined) return [`it is in no control group of the unified hierarchy: ${only}`];
  const members = membersOf(cgroup, (parts.places ?? places).cgroups);
  // A hook inside the container is in its group; on the node, the runtime would be there too.
  const strangers = members.filter((member) => member !== pid && member !== peer.pid);
  if (cgroup === "/" || strangers.length > 0 || !members.includes(pid))
    return [`its control group ${cgroup} is not its own: ${only}`];
  const [result] = await parts.scope.protectCgroups([{ path: cgroup, workload }]);
  return result?.error === undefined
    ? []
    : [`its control group ${cgroup} is not protected (${reasonOf(result.error)}): ${only}`];
}

/** A name that nobody has and nobody can choose: what is readable in it tells people, the rest tells containers apart. */
function newName(groups: Pick<Groups, "numberOf">, { id, label, pid }: ContainerRequest, startTicks: string): string {
  const readable = (label ?? "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 48)
    .replace(/[^A-Za-z0-9]+$/, "");
  for (let attempt = 0; ; attempt++) {
    const digest = createHash("sha256")
      .update([id, pid ?? 0, startTicks, attempt].join("\n"))
      .digest("hex");
    const name = `${readable || "container"}.${digest.slice(0, 12)}`;
    if (groups.numberOf(name) === undefined) return name;
  }
}
