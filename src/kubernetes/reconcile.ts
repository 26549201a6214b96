// SPDX-License-Identifier: Apache-2.0
// From the pods that are to be protected to the control groups that are. One pass at a time; what fails is told once and
// tried again at the next.

import { setTimeout as wait } from "node:timers/promises";
import { reasonOf, toCloudtaserError } from "../errors/index.js";
import type { Log } from "../log/index.js";
import type { PodRules } from "./annotations.js";
import type { CgroupTree } from "./cgroups.js";
import type { Guarded, GuardedPods } from "./guarded.js";
import { rulesText, type SelectionConfig } from "./selection.js";
import type { PodStore } from "./store.js";
import type { Tell } from "./telling.js";

export interface PodGroup {
  /** Path inside the hierarchy. */
  cgroup: string;
  workload: string;
}

/** What this room needs of those that protect. */
export interface PodGuard {
  /**
   * The rules of every protected pod that has some, in place of those that were given before. Comes before protect(), so
   * that no pod is guarded by other rules first. Throws if they do not fit; those before stay.
   */
  rules(workloads: readonly { name: string; rules: PodRules }[]): Promise<void>;
  /**
   * Everything in the groups and below them, also what comes later; one that is protected already stays so. Many at once,
   * since the kernel looks through all processes for each call. Returns what went wrong with each, in their order.
   */
  protect(groups: readonly PodGroup[]): Promise<unknown[]>;
  /** Whether the group that is at that path now is protected: one that was there before under its name is not meant. */
  holds(cgroup: string): boolean;
  /** The group is gone. Whoever left it in time stays protected. */
  gone(cgroup: string, workload: string): Promise<void>;
  /** The configuration no longer wants it. */
  unprotect(cgroup: string, workload: string): Promise<void>;
}

interface Wanted {
  guarded: Guarded;
  cgroup: string;
}

export interface ReconcilerParts {
  store: PodStore;
  pods: GuardedPods;
  tree: CgroupTree;
  guard: PodGuard;
  selection: () => SelectionConfig;
  /** A whole list of pods has come since the start. */
  synced: () => boolean;
  tell: Tell;
  log: Log;
  now?: () => number;
}

/** A container runs before its status says so, and its group is there before it runs. */
const missingAfterMs = 30_000;
/** From the making of a pod's group to its first container a runtime takes longer. */
const shortestPauseMs = 20;
/** Looking through the whole hierarchy takes a while. */
const searchEveryMs = 10_000;

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #now: () => number;
  #running: Promise<void> | undefined;
  #again = false;
  #searched = Number.NEGATIVE_INFINITY;
  #rules = "[]";
  /** Directories to watch for new groups, of the last pass. */
  watched: readonly string[] = [];
  /** Pods whose containers run without protection, at the last pass. */
  unguarded = 0;
  /** How long the last pass took. */
  lastMs = 0;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
  }

  /** Resolves when a pass that began after the call has ended. Never throws. */
  run(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#passes().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** What the configuration no longer wants is let go, also what only an earlier agent has seen: it is meant by its name. */
  async release(dropped: readonly Guarded[]): Promise<void> {
    for (const guarded of dropped) {
      const cgroups = guarded.cgroups.size > 0 ? [...guarded.cgroups] : [""];
      for (const cgroup of cgroups) await this.#end("unprotect", guarded, cgroup);
    }
  }

  async #passes(): Promise<void> {
    for (;;) {
      this.#again = false;
      const began = performance.now();
      try {
        await this.#pass();
      } catch (error) {
        this.#parts.log.error("the pods of this node could not be looked through", { error });
      }
      this.lastMs = performance.now() - began;
      if (!this.#again) return;
      // Whoever changes pods without end takes half of a processor at most.
      await wait(Math.max(shortestPauseMs, this.lastMs));
    }
  }

  async #pass(): Promise<void> {
    const { pods, store, tree, selection, tell } = this.#parts;
    const { fresh, changed } = pods.take(store.pods(), selection());
    for (const { guarded, problems } of fresh)
      for (const problem of problems) tell.once(guarded, "POD_ANNOTATION_INVALID", problem);
    for (const guarded of changed)
      tell.once(guarded, "POD_ANNOTATION_KEPT", "what the pod says now counts for the next one of its kind");
    const { byUid, watched } = tree.scan();
    this.watched = watched;
    await this.#applyRules();
    const without: Guarded[] = [];
    const wanted: Wanted[] = [];
    for (const guarded of pods.values()) {
      const cgroup = byUid.get(guarded.pod.cgroupUid);
      if (cgroup === undefined) without.push(guarded);
      else if (!this.#holds(guarded, cgroup)) wanted.push({ guarded, cgroup });
    }
    await this.#protect(wanted);
    for (const guarded of pods.values()) await this.#letGo(guarded, byUid.get(guarded.pod.cgroupUid));
    await this.#search(without);
    this.#count(without);
    try {
      pods.save();
    } catch (error) {
      this.#parts.log.warn("which pods are protected could not be written down", { error });
    }
  }

  /** A group that was removed and made again between two passes has the old path and another id. */
  #holds(guarded: Guarded, cgroup: string): boolean {
    return guarded.cgroups.has(cgroup) && this.#parts.guard.holds(cgroup);
  }

  async #applyRules(): Promise<void> {
    const { pods, guard, tell } = this.#parts;
    const own = pods
      .values()
      .filter(({ rules }) => rulesText(rules) !== "{}")
      .map(({ workload, rules }) => ({ name: workload, rules }));
    const text = JSON.stringify(own.map(({ name, rules }) => [name, rulesText(rules)]));
    if (text === this.#rules) return;
    try {
      await guard.rules(own);
      this.#rules = text;
    } catch (error) {
      // Protected by the rules of all is better than by none.
      tell.problem("POD_RULES_REFUSED", reasonOf(error), { workloads: own.length });
      this.#parts.log.error("rules of pods are not in force", { error });
    }
  }

  async #protect(wanted: readonly Wanted[]): Promise<void> {
    if (wanted.length === 0) return;
    let faults: unknown[];
    try {
      faults = await this.#parts.guard.protect(
        wanted.map(({ cgroup, guarded }) => ({ cgroup, workload: guarded.workload })),
      );
    } catch (error) {
      faults = wanted.map(() => error);
    }
    for (const [index, one] of wanted.entries()) this.#note(one, faults[index]);
  }

  #note({ guarded, cgroup }: Wanted, fault: unknown): void {
    const { log, tell, tree } = this.#parts;
    const { workload, pod } = guarded;
    if (fault === undefined) {
      guarded.cgroups.add(cgroup);
      log.info("pod protected", { workload, namespace: pod.namespace, pod: pod.name, uid: pod.uid, cgroup });
    } else if (tree.exists(cgroup)) {
      const error = toCloudtaserError(fault, cgroup);
      tell.once(guarded, "POD_UNGUARDED", error.message);
      log.error("pod not protected", { workload, cgroup, error });
    } // else it vanished meanwhile
  }

  /** Groups that are gone, and a pod of which nothing is left. */
  async #letGo(guarded: Guarded, present: string | undefined): Promise<void> {
    const { tree, store, pods, synced } = this.#parts;
    for (const cgroup of guarded.cgroups)
      if (cgroup !== present && !tree.exists(cgroup)) await this.#end("gone", guarded, cgroup);
    const ended = guarded.cgroups.size === 0 && present === undefined;
    if (ended && synced() && store.get(guarded.pod.uid) === undefined) pods.forget(guarded.pod.uid);
  }

  async #end(how: "gone" | "unprotect", guarded: Guarded, cgroup: string): Promise<void> {
    try {
      await this.#parts.guard[how](cgroup, guarded.workload);
    } catch (error) {
      this.#parts.log.warn("what was protected for a pod could not be let go", { cgroup, error });
    }
    guarded.cgroups.delete(cgroup);
  }

  /** Pods whose own group is nowhere: those of their containers, by id. */
  async #search(without: readonly Guarded[]): Promise<void> {
    if (without.length === 0 || this.#now() - this.#searched < searchEveryMs) return;
    const wanted = new Map<string, Guarded>();
    for (const guarded of without) for (const id of this.#runningIds(guarded)) wanted.set(id, guarded);
    if (wanted.size === 0) return;
    this.#searched = this.#now();
    const found = [...this.#parts.tree.findContainers(new Set(wanted.keys()))].flatMap(([id, cgroup]): Wanted[] => {
      const guarded = wanted.get(id);
      return guarded && !this.#holds(guarded, cgroup) ? [{ guarded, cgroup }] : [];
    });
    await this.#protect(found);
  }

  #count(without: readonly Guarded[]): void {
    const { pods, tell } = this.#parts;
    this.unguarded = 0;
    for (const guarded of pods.values()) {
      const runs = this.#runningIds(guarded).length > 0;
      if (guarded.cgroups.size > 0 || !runs) {
        guarded.missingSince = undefined;
        continue;
      }
      this.unguarded++;
      guarded.missingSince ??= this.#now();
      if (without.includes(guarded) && this.#now() - guarded.missingSince >= missingAfterMs)
        tell.once(guarded, "POD_UNGUARDED", "its containers run, and no control group of it is found");
    }
  }

  #runningIds({ pod }: Guarded): string[] {
    const { containers = [] } = this.#parts.store.get(pod.uid) ?? {};
    return containers.filter(({ running }) => running).map(({ id }) => id);
  }
}
