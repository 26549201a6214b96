// SPDX-License-Identifier: Apache-2.0
// The pods that are to be protected. What a pod was when it was first seen decides: annotations and the existence of a pod
// are in the hand of whoever holds the kubelet's credentials, which root on the node does. So nothing that the API tells
// ends or weakens protection; the end of the pod's control group does, and the configuration.

import type { PodRules } from "./annotations.js";
import { Claims } from "./claims.js";
import type { Memory, Remembered } from "./memory.js";
import { type Pod, workloadOf } from "./pod.js";
import { decide, rulesText, type SelectionConfig } from "./selection.js";
import type { PodNoticeType } from "./telling.js";

export interface Guarded {
  pod: Remembered;
  workload: string;
  rules: PodRules;
  /** Groups that are protected for it. */
  cgroups: Set<string>;
  /** It had more than one group of its name at the last look. */
  doubled: boolean;
  /** When its containers ran without a group that was found, in milliseconds; undefined: they do not. */
  missingSince: number | undefined;
  /** The object that was last looked at. */
  seen: Pod | undefined;
  /** What was told of it, so that it is told once. */
  told: Set<string>;
  /** What there was no room to tell yet. */
  untold: Map<string, { type: PodNoticeType; reason: string }>;
}

export interface Taken {
  fresh: { guarded: Guarded; problems: string[] }[];
  /** Its annotations would weaken it or end its protection, and do not. */
  changed: Guarded[];
}

const remember = ({ uid, cgroupUid, namespace, name, labels, moreLabels, annotations }: Pod): Remembered => ({
  uid,
  cgroupUid,
  namespace,
  name,
  labels: Object.fromEntries(labels),
  ...(moreLabels === true ? { moreLabels } : {}),
  annotations: { ...annotations },
});

/** The rules of those that have some of their own, and have come to be on this node: a pod that is only written costs nothing. */
export function ownRules(pods: readonly Guarded[], claims: Claims): { name: string; rules: PodRules }[] {
  const byUid = new Map(pods.map(({ pod, rules }) => [pod.uid, rules]));
  return pods
    .filter(({ pod }) => pod.held)
    .map(({ pod, workload, rules }) => {
      const claim = claims.of(pod);
      // A group that was taken for another's is judged by the rules of the pod that it is of.
      if (claim === "foreign") return { name: workload, rules: byUid.get(pod.cgroupUid) ?? {} };
      return { name: workload, rules: claim === "own" ? rules : {} };
    })
    .filter(({ rules }) => rulesText(rules) !== "{}");
}

/** What an earlier agent had in force for pods: it is to be so before the new one writes a policy of its own. */
export function rememberedRules(memory: Memory, config: SelectionConfig): { name: string; rules: PodRules }[] {
  const pods = new GuardedPods(memory, config).values();
  return ownRules(pods, new Claims(pods.map(({ pod }) => pod)));
}

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

  /** It has a control group. */
  hold({ pod }: Guarded): void {
    if (pod.held) return;
    pod.held = true;
    this.#unsaved = true;
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
  const empty = { cgroups: new Set<string>(), doubled: false, missingSince: undefined, seen: undefined };
  return { pod, workload: workloadOf(pod), rules, ...empty, told: new Set<string>(), untold: new Map() };
}

const sameWords = (known: Remembered, pod: Pod): boolean =>
  JSON.stringify(known.annotations) === JSON.stringify(pod.annotations) &&
  JSON.stringify(known.labels) === JSON.stringify(Object.fromEntries(pod.labels));
