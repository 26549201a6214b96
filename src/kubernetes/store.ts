// SPDX-License-Identifier: Apache-2.0
// The pods of this node as last told: by uid, and by container for the facts of events.

import type { Pod } from "./pod.js";

export interface PodFacts {
  namespace: string;
  name: string;
  uid: string;
  /** Name of the container, if its id is known already. */
  container?: string;
}

/** The uid in the path of a pod's control group, or of one below; with dashes, as the API has it. */
export function cgroupUidIn(path: string): string | undefined {
  const found =
    /(?:^|\/)(?:[a-z-]*-)?pod([0-9a-f]{32}|[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})(?:\.slice)?(?:\/|$)/.exec(
      path,
    );
  return found?.[1]?.replaceAll("_", "-");
}

export class PodStore {
  readonly #pods = new Map<string, Pod>();
  readonly #byCgroup = new Map<string, Set<Pod>>();
  readonly #byContainer = new Map<string, { pod: Pod; container: string }>();

  /** What is not in the list is gone. */
  replace(pods: Iterable<Pod>): void {
    for (const map of [this.#pods, this.#byCgroup, this.#byContainer]) map.clear();
    for (const pod of pods) this.set(pod);
  }

  set(pod: Pod): void {
    this.delete(pod.uid);
    this.#pods.set(pod.uid, pod);
    const claimants = this.#byCgroup.get(pod.cgroupUid);
    if (claimants === undefined) this.#byCgroup.set(pod.cgroupUid, new Set([pod]));
    else claimants.add(pod);
    for (const { id, name } of pod.containers) this.#byContainer.set(id, { pod, container: name });
  }

  delete(uid: string): void {
    const pod = this.#pods.get(uid);
    if (pod === undefined) return;
    this.#pods.delete(uid);
    // Another pod may claim the same control group or container: it keeps what is its own.
    const claimants = this.#byCgroup.get(pod.cgroupUid);
    if (claimants?.delete(pod) && claimants.size === 0) this.#byCgroup.delete(pod.cgroupUid);
    for (const { id } of pod.containers) if (this.#byContainer.get(id)?.pod === pod) this.#byContainer.delete(id);
  }

  get(uid: string): Pod | undefined {
    return this.#pods.get(uid);
  }

  get size(): number {
    return this.#pods.size;
  }

  pods(): IterableIterator<Pod> {
    return this.#pods.values();
  }

  /** By uid before all who only say so; undefined where several do. */
  #ownerOf(cgroupUid: string): Pod | undefined {
    const [first, ...others] = this.#byCgroup.get(cgroupUid) ?? [];
    return this.#pods.get(cgroupUid) ?? (others.length === 0 ? first : undefined);
  }

  /**
   * Whose process it is. The control group decides: the kernel keeps it, and a container id is only part of a name.
   * @param cgroupUid of the pod's group, as the kubelet writes it
   */
  factsOf(cgroupUid: string, containerId: string | undefined): PodFacts | undefined {
    const byContainer = containerId === undefined ? undefined : this.#byContainer.get(containerId);
    const pod = this.#ownerOf(cgroupUid);
    if (pod === undefined) return undefined;
    const { namespace, name } = pod;
    const container = byContainer?.pod === pod ? byContainer.container : undefined;
    return { namespace, name, uid: pod.uid, ...(container === undefined ? {} : { container }) };
  }
}
