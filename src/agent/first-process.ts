// SPDX-License-Identifier: Apache-2.0
// Which process a runtime's hook means by the number that it was told, and what there is to know of it. A hook may run
// inside the container's namespaces, where numbers mean other processes; the kernel tells the agent who asks.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerRequest, Peer } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";

/** Where procfs and the unified hierarchy are; tests have their own. */
export interface Places {
  proc: string;
  cgroups: string;
}

export const places: Places = { proc: "/proc", cgroups: "/sys/fs/cgroup" };

/** Numbers of a process from the agent's namespace down to its own; [] if it is gone. */
function numbersOf(pid: number, proc: string): number[] {
  return (fieldOf(pid, "NSpid", proc) ?? "").split("\t").filter(Boolean).map(Number);
}

function fieldOf(pid: number, name: string, proc: string): string | undefined {
  const text = textOf(join(proc, String(pid), "status"));
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** In the agent's namespace. Throws CONTAINER_PROCESS_UNKNOWN rather than take the wrong one. */
export function firstProcess({ id, pid }: ContainerRequest, peer: Peer, proc = places.proc): number {
  const unknown = (reason: string): CloudtaserError =>
    new CloudtaserError("CONTAINER_PROCESS_UNKNOWN", { target: id, fields: { reason } });
  const own = peer.pid > 0 ? numbersOf(peer.pid, proc) : [];
  if (own.length === 0) throw unknown("who asks is gone, or in a namespace that the agent does not see");
  if (own.length === 1) {
    if (pid === undefined) throw unknown("the runtime tells no process id");
    // All that runs on the node would come with it.
    if (pid === 1 || pid === process.pid) throw unknown(`${pid} is process 1 of the node, or the agent`);
    return pid;
  }
  // Inside the container: its first process runs the hook, and knows itself by 1 or, with crun, by no number.
  const parent = Number(fieldOf(peer.pid, "PPid", proc) ?? 0);
  const numbers = parent > 0 ? numbersOf(parent, proc) : [];
  if (numbers.length === own.length && numbers.at(-1) === (pid ?? 1)) return parent;
  throw unknown("the hook runs in another process id namespace than the node's, and not under that process");
}

/** When it started, as decimal text; undefined if it is gone. */
export function startTicksOf(pid: number, proc = places.proc): string | undefined {
  const stat = textOf(join(proc, String(pid), "stat"));
  // A comm may hold anything. After it: state, then eighteen fields before the start.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Its control group in the unified hierarchy; undefined if it is in none. */
export function groupOf(pid: number, proc = places.proc): string | undefined {
  return /^0::(\/.*)$/m.exec(textOf(join(proc, String(pid), "cgroup")))?.[1];
}

/** Processes in a group and below it. */
export function membersOf(group: string, cgroups = places.cgroups): number[] {
  const walk = (directory: string): number[] => [
    ...textOf(join(directory, "cgroup.procs")).split("\n").filter(Boolean).map(Number),
    ...childrenOf(directory).flatMap(walk),
  ];
  return walk(join(cgroups, group));
}

function childrenOf(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  } catch {
    return [];
  }
}
