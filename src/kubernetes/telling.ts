// SPDX-License-Identifier: Apache-2.0
// Events about pods: each thing once for a pod, and no more in a minute than a stream can bear, since whoever may make pods
// may make many.

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

const mostInAMinute = 60;
const mostOfAPod = 16;

export class Tell {
  readonly #announce: (notice: PodNotice) => void;
  readonly #now: () => number;
  #minute = Number.NEGATIVE_INFINITY;
  #told = 0;
  #leftOut = 0;

  constructor(announce: (notice: PodNotice) => void, now: () => number = () => performance.now()) {
    this.#announce = announce;
    this.#now = now;
  }

  /** The same of the same pod is told once. */
  once({ told, pod, workload }: Guarded, type: PodNoticeType, reason: string): void {
    const key = `${type} ${reason}`;
    if (told.has(key) || told.size >= mostOfAPod) return;
    told.add(key);
    this.problem(type, reason, { namespace: pod.namespace, pod: pod.name, uid: pod.uid, workload });
  }

  problem(type: PodNoticeType, reason: string, detail: Record<string, string | number> = {}): void {
    if (this.#now() - this.#minute >= 60_000) {
      this.#minute = this.#now();
      this.#told = 0;
    }
    if (this.#told >= mostInAMinute) {
      this.#leftOut++;
      return;
    }
    this.#told++;
    const more = this.#leftOut > 0 ? { leftOut: this.#leftOut } : {};
    this.#leftOut = 0;
    this.#announce({ type, detail: { ...detail, reason, ...more } });
  }
}
