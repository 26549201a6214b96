// SPDX-License-Identifier: Apache-2.0
// Whose container this is that is about to start: asked by the runtime's hook, which waits for the answer, so that a pod is
// protected before its first container runs, however late the API server told of it.

import { setTimeout as wait } from "node:timers/promises";
import type { GuardedPods } from "./guarded.js";
import { cgroupUidIn, type PodStore } from "./store.js";

export interface AskingParts {
  store: PodStore;
  pods: GuardedPods;
  /** Runs a pass that begins after the call. */
  reconcile(): Promise<void>;
  /** The API server tells what there is: a pod that is not known may still come. */
  answers(): boolean;
}

export interface PodWish {
  /** The pod whose group this seems to be is to be protected. */
  wanted: boolean;
  /** Its workload, if the group is in one that is protected for it. */
  workload: string | undefined;
}

/** The API server tells the agent as soon as it tells the kubelet, give or take. */
const lookEveryMs = 20;

/** @param patienceMs how long a pod is waited for that the API server has not told of yet */
export async function wishFor(parts: AskingParts, cgroup: string, patienceMs: number): Promise<PodWish> {
  const { store, pods, reconcile, answers } = parts;
  const uid = cgroupUidIn(cgroup);
  if (uid === undefined) return { wanted: false, workload: undefined };
  const guarded = () => pods.values().find(({ pod }) => pod.cgroupUid === uid);
  const isKnown = (): boolean => store.factsOf(uid, undefined) !== undefined || guarded() !== undefined;
  const until = performance.now() + patienceMs;
  while (!isKnown() && answers() && performance.now() < until) await wait(lookEveryMs);
  if (isKnown()) await reconcile();
  const found = guarded();
  // The uid is only part of a name: whoever can make directories can write it. The groups of the pod are the kubelet's.
  const inside = [...(found?.cgroups ?? [])].some((group) => cgroup === group || cgroup.startsWith(`${group}/`));
  return { wanted: found !== undefined, workload: inside ? found?.workload : undefined };
}
