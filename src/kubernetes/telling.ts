// SPDX-License-Identifier: Apache-2.0
// Events about pods: each thing once for a pod, and no more of a type in a minute than a stream can bear, since whoever may
// make pods may make many, and must not hide by them what is told of others.

import type { Guarded } from "./guarded.js";

export type PodNoticeType =
  | "POD_ANNOTATION_INVALID"
  | "POD_ANNOTATION_KEPT"
  | "POD_RULES_REFUSED"
  | "POD_UNGUARDED"
  | "KUBERNETES_AWAY"
  | "KUBERNETES_BACK";

export interface PodNotice {
  type: PodNoticeType;
  detail: Record<string, string | number>;
}

/** Of one type. */
const mostInAMinute = 60;
const mostOfAPod = 16;

export class Tell {
  readonly #announce: (notice: PodNotice) => void;
  readonly #now: () => number;
  readonly #budgets = new Map<PodNoticeType, { since: number; told: number; leftOut: number }>();

  #foreign: ReadonlyMap<string, number> = new Map();

  constructor(announce: (notice: PodNotice) => void, now: () => number = () => performance.now()) {
    this.#announce = announce;
    this.#now = now;
  }

  /** The same of the same pod is told once; what there is no room for now, by later(). */
  once({ told, untold, pod, workload }: Guarded, type: PodNoticeType, reason: string): void {
    const key = `${type} ${reason}`;
    if (told.has(key) || told.size >= mostOfAPod) return;
    if (!this.#hasRoom(type)) {
      if (untold.size < mostOfAPod) untold.set(key, { type, reason });
      return;
    }
    untold.delete(key);
    told.add(key);
    this.problem(type, reason, { namespace: pod.namespace, pod: pod.name, uid: pod.uid, workload });
  }

  later(guarded: Guarded): void {
    for (const { type, reason } of guarded.untold.values()) this.once(guarded, type, reason);
  }

  problem(type: PodNoticeType, reason: string, detail: Record<string, string | number> = {}): void {
    const room = this.#hasRoom(type);
    const budget = this.#budget(type);
    if (!room) {
      budget.leftOut++;
      return;
    }
    budget.told++;
    const more = budget.leftOut > 0 ? { leftOut: budget.leftOut } : {};
    budget.leftOut = 0;
    this.#announce({ type, detail: { ...detail, reason, ...more } });
  }

  /** Groups where the kubelet's are that belong to others, by path: each once, as long as it is so. */
  foreign(found: ReadonlyMap<string, number>): void {
    for (const [cgroup, user] of found) {
      if (this.#foreign.get(cgroup) === user) continue;
      const reason = `control group ${cgroup} belongs to user ${user}: what its owner makes in it is taken for no pod`;
      this.problem("POD_UNGUARDED", reason);
    }
    this.#foreign = found;
  }

  #hasRoom(type: PodNoticeType): boolean {
    const budget = this.#budget(type);
    if (this.#now() - budget.since >= 60_000) {
      budget.since = this.#now();
      budget.told = 0;
    }
    return budget.told < mostInAMinute;
  }

  #budget(type: PodNoticeType) {
    const known = this.#budgets.get(type) ?? { since: Number.NEGATIVE_INFINITY, told: 0, leftOut: 0 };
    this.#budgets.set(type, known);
    return known;
  }
}
