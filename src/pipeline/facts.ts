// SPDX-License-Identifier: Apache-2.0
// What procfs knows about a process that the kernel record does not say: paths, user name, ancestors. Cached by process identity,
// dropped when the process id changed hands, limited in number per second. A miss costs a field, never an event.

import { printable } from "../errors/index.js";
import { type DecodedIdentity, isSameProcess } from "./decoded.js";
import { LruCache } from "./lru.js";
import type { ProcReader } from "./procfs.js";

export interface Ancestor {
  pid: number;
  comm: string;
  exe?: string;
}

export interface ProcessFacts {
  exePath?: string;
  cgroupPath?: string;
  containerId?: string;
  containerName?: string;
  pod?: { namespace: string; name: string; uid: string };
  parent: Ancestor[];
}

/** What an orchestrator knows of a control group and a container's id. */
export type PodOf = (
  cgroupPath: string | undefined,
  containerId: string | undefined,
) => { namespace: string; name: string; uid: string; container?: string } | undefined;

export interface FactsStats {
  /** Look-ups that went to procfs. */
  reads: number;
  /** Left out because the budget was spent. */
  skipped: number;
  /** Left out because the process was gone or its id was another's. */
  gone: number;
}

export interface Facts {
  of(who: DecodedIdentity, withParents: boolean): ProcessFacts;
  userName(uid: number): string | undefined;
  readonly stats: Readonly<FactsStats>;
}

const maxAncestors = 8;
const pathLength = 512;
const nanosecondsPerTick = 10_000_000n;
const usersMaxAgeMs = 60_000;
const nothing: ProcessFacts = { parent: [] };

/** The container id in a cgroup path: runtimes end its last part with 64 hex digits, with a prefix and ".scope" or without. A
 *  monitor (conmon of CRI-O and Podman) is named after the container that it watches from outside. */
export function containerIdOf(cgroupPath: string): string | undefined {
  for (const part of cgroupPath.split("/").reverse()) {
    const match = /(^|.*[-:.])([0-9a-f]{64})(?:\.scope)?$/.exec(part);
    if (match?.[2] !== undefined) return match[1]?.endsWith("conmon-") ? undefined : match[2];
  }
  return undefined;
}

function parseUsers(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.slice(0, 1024 * 1024).split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid)))
      names.set(Number(uid), printable(name, 64));
  }
  return names;
}

function ancestorsOf(reader: ProcReader, who: DecodedIdentity): Ancestor[] {
  const line: Ancestor[] = [];
  let pid = who.ppid;
  let childTicks = who.startBoottimeNs / nanosecondsPerTick;
  while (pid > 0 && line.length < maxAncestors) {
    const stat = reader.stat(pid);
    // Nobody is younger than its child: then the id was reused, and what stands above it is another family.
    if (stat === undefined || stat.startTicks > childTicks) break;
    const exe = reader.exePath(pid);
    const again = reader.stat(pid);
    if (again?.startTicks !== stat.startTicks) break;
    line.push({
      pid,
      comm: printable(stat.comm, 16),
      ...(exe === undefined ? {} : { exe: printable(exe, pathLength) }),
    });
    childTicks = stat.startTicks;
    pid = stat.ppid;
  }
  return line;
}

/** budgetPerSecond: look-ups of processes not in the cache; an attacker who forks a storm must not keep the agent in procfs. */
export function createFacts(
  reader: ProcReader,
  { cacheSize = 4096, budgetPerSecond = 100, nowMs = () => performance.now(), podOf = (() => undefined) as PodOf } = {},
): Facts {
  const cache = new LruCache<number, { who: DecodedIdentity; facts: ProcessFacts }>(cacheSize);
  const stats: FactsStats = { reads: 0, skipped: 0, gone: 0 };
  let budget = budgetPerSecond;
  let budgetFrom = nowMs();
  let users = new Map<number, string>();
  let usersReadAt = Number.NEGATIVE_INFINITY;

  const mayRead = () => {
    if (nowMs() - budgetFrom >= 1000) {
      budget = budgetPerSecond;
      budgetFrom = nowMs();
    }
    return budget-- > 0;
  };
  const isSame = (who: DecodedIdentity) => {
    const stat = reader.stat(who.tgid);
    return stat !== undefined && stat.startTicks === who.startBoottimeNs / nanosecondsPerTick;
  };
  const podFacts = (path: string | undefined, id: string | undefined): Partial<ProcessFacts> => {
    const found = podOf(path, id);
    if (found === undefined) return {};
    const { namespace, name, uid, container } = found;
    return { pod: { namespace, name, uid }, ...(container === undefined ? {} : { containerName: container }) };
  };
  /** A container starts before the orchestrator's API knows it. */
  const withPod = (facts: ProcessFacts): ProcessFacts => {
    if (facts.containerName !== undefined || facts.cgroupPath === undefined) return facts;
    const now = podFacts(facts.cgroupPath, facts.containerId);
    return now.containerName !== facts.containerName || now.pod?.uid !== facts.pod?.uid ? { ...facts, ...now } : facts;
  };
  const read = (who: DecodedIdentity, withParents: boolean): ProcessFacts | undefined => {
    const exePath = reader.exePath(who.tgid);
    const path = reader.cgroupPath(who.tgid);
    // The kernel's id decides: a process that moved meanwhile gets no path rather than a wrong one.
    const cgroupPath = path !== undefined && reader.cgroupId(path) === who.cgroupId ? path : undefined;
    const containerId = cgroupPath === undefined ? undefined : containerIdOf(cgroupPath);
    const pod = podFacts(cgroupPath, containerId);
    const parent = withParents ? ancestorsOf(reader, who) : [];
    if (!isSame(who)) return undefined;
    return {
      parent,
      ...(exePath === undefined ? {} : { exePath: printable(exePath, pathLength) }),
      ...(cgroupPath === undefined ? {} : { cgroupPath: printable(cgroupPath, pathLength) }),
      ...(containerId === undefined ? {} : { containerId }),
      ...pod,
    };
  };

  return {
    stats,
    of(who, withParents) {
      const key = who.tgid * 2 + (withParents ? 1 : 0);
      const known = cache.get(key);
      if (known !== undefined && isSameProcess(known.who, who)) {
        known.facts = withPod(known.facts);
        return known.facts;
      }
      if (!mayRead()) {
        stats.skipped++;
        return nothing;
      }
      stats.reads++;
      const found = isSame(who) ? read(who, withParents) : undefined;
      if (found === undefined) {
        stats.gone++;
        return nothing;
      }
      cache.set(key, { who, facts: found });
      return found;
    },
    userName(uid) {
      if (nowMs() - usersReadAt > usersMaxAgeMs) {
        usersReadAt = nowMs();
        users = parseUsers(reader.users() ?? "");
      }
      return users.get(uid);
    },
  };
}
