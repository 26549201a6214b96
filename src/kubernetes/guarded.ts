// SPDX-License-Identifier: Apache-2.0
// The pods that are to be protected. What a pod was when it was first seen decides: annotations and the existence of a pod
// are in the hand of whoever holds the kubelet's credentials, which root on the node does. So nothing that the API tells
// ends or weakens protection; the end of the pod's control group does, and the configuration.

import type { PodRules } from "./annotations.js";
import type { Memory, Remembered } from "./memory.js";
import { type Pod, workloadOf } from "./pod.js";
import { decide, rulesText, type SelectionConfig } from "./selection.js";

export interface Guarded {
  pod: Remembered;
  workload: string;
  rules: PodRules;
  /** Groups that are protected for it. */
  cgroups: Set<string>;
  /** When its containers ran without a group that was found, in milliseconds; undefined: they do not. */
  missingSince: number | undefined;
  /** The object that was last looked at. */
  seen: Pod | undefined;
  /** What was told of it, so that it is told once. */
  told: Set<string>;
}

export interface Taken {
  fresh: { guarded: Guarded; problems: string[] }[];
  /** Its annotations would weaken it or end its protection, and do not. */
  changed: Guarded[];
}

const remember = ({ uid, cgroupUid, namespace, name, labels, annotations }: Pod): Remembered => ({
  uid,
  cgroupUid,
  namespace,
  name,
  labels: Object.fromEntries(labels),
  annotations: { ...annotations },
});

const asSelected = ({ labels, ...rest }: Remembered) => ({ ...rest, labels: new Map(Object.entries(labels)) });

export class GuardedPods {
  readonly #memory: Memory;
  readonly #pods = new Map<string, Guarded>();
  #unsaved = false;
  /** What an earlier agent protected and the configuration no longer wants: it was changed while none ran. */
  readonly unwanted: readonly Guarded[];

  constructor(memory: Memory, config: SelectionConfig) {
    this.#memory = memory;
    this.unwanted = memory.load().flatMap((pod) => (this.#add(pod, config) ? [] : [guardedOf(pod, {})]));
    this.#unsaved = this.unwanted.length > 0;
  }

  /** Looks at what the API tells now. */
  take(pods: Iterable<Pod>, config: SelectionConfig): Taken {
    const taken: Taken = { fresh: [], changed: [] };
    for (const pod of pods) {
      const known = this.#pods.get(pod.uid);
      if (known?.seen === pod) continue;
      const decision = known && sameWords(known.pod, pod) ? undefined : decide(pod, config);
      if (known !== undefined) {
        known.seen = pod;
        if (decision && !(decision.wanted && rulesText(decision.rules) === rulesText(known.rules)))
          taken.changed.push(known);
      } else if (decision?.wanted) {
        const guarded = this.#add(remember(pod), config);
        if (guarded) taken.fresh.push({ guarded, problems: decision.problems });
        this.#unsaved = true;
      }
    }
    return taken;
  }

  /** The configuration has changed: what it no longer wants is returned and forgotten. */
  configure(config: SelectionConfig): Guarded[] {
    const dropped: Guarded[] = [];
    for (const guarded of this.#pods.values()) {
      const { wanted, rules } = decide(asSelected(guarded.pod), config);
      guarded.rules = rules;
      if (!wanted) dropped.push(guarded);
    }
    for (const { pod } of dropped) this.forget(pod.uid);
    return dropped;
  }

  forget(uid: string): void {
    if (this.#pods.delete(uid)) this.#unsaved = true;
  }

  values(): Guarded[] {
    return [...this.#pods.values()];
  }

  get size(): number {
    return this.#pods.size;
  }

  /** Throws what writing throws; it is tried again the next time. */
  save(): void {
    if (!this.#unsaved) return;
    this.#memory.save(this.values().map(({ pod }) => pod));
    this.#unsaved = false;
  }

  #add(pod: Remembered, config: SelectionConfig): Guarded | undefined {
    const { wanted, rules } = decide(asSelected(pod), config);
    if (!wanted) return undefined;
    const guarded = guardedOf(pod, rules);
    this.#pods.set(pod.uid, guarded);
    return guarded;
  }
}

function guardedOf(pod: Remembered, rules: PodRules): Guarded {
  const empty = { cgroups: new Set<string>(), missingSince: undefined, seen: undefined, told: new Set<string>() };
  return { pod, workload: workloadOf(pod), rules, ...empty };
}

const sameWords = (known: Remembered, pod: Pod): boolean =>
  JSON.stringify(known.annotations) === JSON.stringify(pod.annotations) &&
  JSON.stringify(known.labels) === JSON.stringify(Object.fromEntries(pod.labels));
