// SPDX-License-Identifier: Apache-2.0
// The groups of containers, looked for by id through the whole hierarchy: of pods whose own group is nowhere, and once for
// each container of the others, since root can make a group that is named as the pod's while its containers are elsewhere.

import type { Log } from "../log/index.js";
import type { CgroupTree } from "./cgroups.js";
import type { Guarded } from "./guarded.js";
import { cgroupUidIn } from "./store.js";

export interface Sought {
  guarded: Guarded;
  /** Groups of the pod itself: what lies in them is protected with them. */
  groups: readonly string[];
  /** Containers that run. */
  ids: readonly string[];
}

export interface Open {
  guarded: Guarded;
  cgroup: string;
}

/** Looking through the whole hierarchy takes a while; also after one that took long it takes a twentieth of the time. */
const searchEveryMs = 10_000;
const restTimes = 20;

class ContainerSearch {
  readonly #tree: CgroupTree;
  readonly #holds: (guarded: Guarded, cgroup: string) => boolean;
  readonly #now: () => number;
  /** When the next look may begin. */
  #next = Number.NEGATIVE_INFINITY;
  /** Containers of pods with a group of their own of which nothing is left open. Their groups are made before they run. */
  readonly #settled = new WeakMap<Guarded, ReadonlySet<string>>();

  constructor(tree: CgroupTree, holds: (guarded: Guarded, cgroup: string) => boolean, now: () => number) {
    this.#tree = tree;
    this.#holds = holds;
    this.#now = now;
  }

  /** What is to be protected and is not. */
  async find(pods: readonly Sought[]): Promise<Open[]> {
    const began = this.#now();
    if (began < this.#next) return [];
    const wanted = new Map<string, Sought>();
    for (const sought of pods) for (const id of this.#unsettled(sought)) wanted.set(id, sought);
    if (wanted.size === 0) return [];
    this.#next = began + searchEveryMs;
    const byId = await this.#tree.findContainers(new Set(wanted.keys()));
    this.#next = Math.max(this.#next, this.#now() + restTimes * (this.#now() - began));
    return [...wanted].flatMap(([id, sought]) => {
      const { guarded } = sought;
      const open = (byId.get(id) ?? []).filter((cgroup) => this.#isOpen(sought, cgroup));
      if (open.length === 0) this.#settled.set(guarded, new Set([...(this.#settled.get(guarded) ?? []), id]));
      return open.map((cgroup) => ({ guarded, cgroup }));
    });
  }

  #unsettled({ guarded, groups, ids }: Sought): readonly string[] {
    if (groups.length === 0) return ids;
    const settled = this.#settled.get(guarded) ?? new Set();
    // Those that ended are forgotten, so that a pod that restarts without end leaves nothing behind.
    this.#settled.set(guarded, new Set(ids.filter((id) => settled.has(id))));
    return ids.filter((id) => !settled.has(id));
  }

  #isOpen({ guarded, groups }: Sought, cgroup: string): boolean {
    const inside = cgroupUidIn(cgroup); // of a pod that is found by its uid
    if (inside !== undefined && inside !== guarded.pod.cgroupUid) return false;
    return !groups.some((group) => cgroup.startsWith(`${group}/`)) && !this.#holds(guarded, cgroup);
  }
}

/** Groups of containers that lie elsewhere: for pods that have a group at all nobody waits, what is found comes later. */
export class Elsewhere {
  readonly #awaited: ContainerSearch;
  readonly #behind: ContainerSearch;
  readonly #log: Pick<Log, "error">;
  #found: Open[] = [];
  #runs = false;

  constructor(
    tree: CgroupTree,
    holds: (guarded: Guarded, cgroup: string) => boolean,
    now: () => number,
    log: Pick<Log, "error">,
  ) {
    this.#awaited = new ContainerSearch(tree, holds, now);
    this.#behind = new ContainerSearch(tree, holds, now);
    this.#log = log;
  }

  /**
   * What is to be protected and is not.
   * @param later called when there is something for the next call
   */
  async find(pods: readonly Sought[], later: () => void): Promise<Open[]> {
    this.#lookBehind(
      pods.filter(({ groups }) => groups.length > 0),
      later,
    );
    const found = await this.#awaited.find(pods.filter(({ groups }) => groups.length === 0));
    const known = new Set(pods.map(({ guarded }) => guarded));
    return [...found, ...this.#found.splice(0).filter(({ guarded }) => known.has(guarded))];
  }

  #lookBehind(pods: readonly Sought[], later: () => void): void {
    if (this.#runs) return;
    this.#runs = true;
    this.#behind
      .find(pods)
      .then((open) => {
        this.#found.push(...open);
        if (open.length > 0) later();
      })
      .catch((error: unknown) => this.#log.error("control groups of containers could not be looked for", { error }))
      .finally(() => {
        this.#runs = false;
      });
  }
}
