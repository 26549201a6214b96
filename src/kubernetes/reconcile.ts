// SPDX-License-Identifier: Apache-2.0
// From the pods that are to be protected to the control groups that are. One pass at a time; what fails is told once and
// tried again at the next.

import { setTimeout as wait } from "node:timers/promises";
import { toCloudtaserError } from "../errors/index.js";
import type { Log } from "../log/index.js";
import type { CgroupTree } from "./cgroups.js";
import { Claims } from "./claims.js";
import type { PodGuard } from "./guard.js";
import type { Guarded, GuardedPods } from "./guarded.js";
import { Ruling } from "./ruling.js";
import { Elsewhere } from "./searching.js";
import type { SelectionConfig } from "./selection.js";
import type { PodStore } from "./store.js";
import type { Tell } from "./telling.js";

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

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #now: () => number;
  readonly #ruling: Ruling;
  #running: Promise<void> | undefined;
  #again = false;
  readonly #elsewhere: Elsewhere;
  #configured = false;
  #leaving: Guarded[] = [];
  #claims = new Claims([]);
  /** Groups of pods by path: those that the last pass found, and those that are protected. */
  #groups = new Map<string, string>();
  /** Pods of which a group that is there could not be protected, in this pass. */
  #failed = new Set<Guarded>();
  /** Directories to watch for new groups, of the last pass. */
  watched: readonly string[] = [];
  /** Pods whose containers run without protection, at the last pass. */
  unguarded = 0;
  /** Pods with more than one group of their name, at the last pass: which of them the kubelet made nobody can tell. */
  doubled = 0;
  /** How long the last pass took. */
  lastMs = 0;
  longestMs = 0;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#ruling = new Ruling(parts);
    // What only an earlier agent has seen is meant by its name.
    for (const unwanted of parts.pods.unwanted) this.#leaving.push({ ...unwanted, cgroups: new Set([""]) });
    this.#now = parts.now ?? (() => performance.now());
    const holds = (guarded: Guarded, cgroup: string): boolean => this.#holds(guarded, cgroup);
    this.#elsewhere = new Elsewhere(parts.tree, holds, this.#now, parts.log);
  }

  /** Resolves when a pass that began after the call has ended. Never throws. */
  run(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#passes();
    return this.#running;
  }

  /**
   * The uid of the pod whose group this is or lies in. A path proves nothing by its words: a user may name a group of his
   * own subtree as he likes.
   */
  uidOf(cgroup: string): string | undefined {
    for (let path = cgroup; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
      const uid = this.#groups.get(path);
      if (uid !== undefined) return uid;
    }
    return undefined;
  }

  /** The selection is another one: it holds when this resolves. */
  configured(): Promise<void> {
    this.#configured = true;
    return this.run();
  }

  /** What the configuration no longer wants is let go, at the next pass if it fails at this one. */
  async #release(): Promise<void> {
    const { pods, selection, guard, log } = this.#parts;
    if (this.#configured) this.#leaving.push(...pods.configure(selection()));
    this.#configured = false;
    const wanted = new Set(pods.values().map(({ pod }) => pod.uid));
    this.#leaving = this.#leaving.filter(({ pod, cgroups }) => cgroups.size > 0 && !wanted.has(pod.uid));
    for (const { workload, cgroups } of this.#leaving)
      for (const cgroup of cgroups) {
        try {
          await guard.unprotect(cgroup, workload);
          cgroups.delete(cgroup);
        } catch (error) {
          log.warn("what the configuration no longer names is still protected; it is tried again", { cgroup, error });
        }
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
      this.longestMs = Math.max(this.longestMs, this.lastMs);
      if (!this.#again) {
        // In the same step as the look at #again: who comes later must find that nothing runs.
        this.#running = undefined;
        return;
      }
      // Whoever changes pods without end takes half of a processor at most.
      await wait(Math.max(shortestPauseMs, this.lastMs));
    }
  }

  async #pass(): Promise<void> {
    const { pods, store, selection, tell } = this.#parts;
    await this.#release();
    const { fresh, changed } = pods.take(store.pods(), selection());
    for (const { guarded, problems } of fresh)
      for (const problem of problems) tell.once(guarded, "POD_ANNOTATION_INVALID", problem);
    for (const guarded of changed)
      tell.once(guarded, "POD_ANNOTATION_KEPT", "what the pod says now counts for the next one of its kind");
    this.#claims = new Claims([...store.pods(), ...pods.values().map(({ pod }) => pod)]);
    this.#failed = new Set();
    const own = new Set<Guarded>();
    let groups: ReadonlyMap<Guarded, readonly string[]> = new Map();
    try {
      groups = this.#present(own);
    } finally {
      // Who is protected already has them also where nothing can be looked through.
      await this.#ruling.apply(pods.values(), this.#claims);
    }
    const wanted: Wanted[] = [];
    for (const [guarded, paths] of groups)
      for (const cgroup of paths) if (!this.#holds(guarded, cgroup)) wanted.push({ guarded, cgroup });
    await this.#protect(wanted);
    for (const guarded of pods.values()) await this.#letGo(guarded, groups.get(guarded) ?? []);
    await this.#search(groups, own);
    this.#count(groups, own);
    for (const guarded of pods.values()) tell.later(guarded);
    try {
      pods.save();
    } catch (error) {
      this.#parts.log.warn("which pods are protected could not be written down", { error });
    }
  }

  /** The groups of each pod, all that there are: root can make one that is named so and holds nobody. */
  #present(own: Set<Guarded>): Map<Guarded, string[]> {
    const { pods, tree, tell } = this.#parts;
    const { byUid, watched, foreign } = tree.scan();
    this.watched = watched;
    tell.foreign(foreign);
    this.#groups = new Map([...byUid].flatMap(([uid, paths]) => paths.map((path) => [path, uid] as const)));
    for (const { cgroups, pod } of pods.values()) for (const path of cgroups) this.#groups.set(path, pod.cgroupUid);
    this.doubled = 0;
    const groups = new Map<Guarded, string[]>();
    for (const guarded of pods.values()) {
      const paths = byUid.get(guarded.pod.cgroupUid);
      if (paths === undefined) continue;
      if (this.#claims.of(guarded.pod) === "foreign") {
        tell.once(guarded, "POD_UNGUARDED", "it says that another pod's control group is its own");
        continue;
      }
      this.#noteDoubled(guarded, paths);
      const others = paths.filter((path) => guarded.cgroups.has(path) || !tree.holdsUs(path));
      if (others.length < paths.length) own.add(guarded);
      if (others.length === 0) continue;
      groups.set(guarded, others);
      pods.hold(guarded);
    }
    return groups;
  }

  #noteDoubled(guarded: Guarded, paths: readonly string[]): void {
    if (paths.length > 1) {
      this.doubled++;
      const { namespace, name, uid } = guarded.pod;
      const fields = { workload: guarded.workload, namespace, pod: name, uid, cgroups: paths.join(", ") };
      if (!guarded.doubled) this.#parts.log.warn("a pod has several control groups: all are protected", fields);
    }
    guarded.doubled = paths.length > 1;
  }

  /** A group that was removed and made again between two passes has the old path and another id. */
  #holds(guarded: Guarded, cgroup: string): boolean {
    return guarded.cgroups.has(cgroup) && this.#parts.guard.holds(cgroup);
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
      this.#groups.set(cgroup, pod.cgroupUid);
      log.info("pod protected", { workload, namespace: pod.namespace, pod: pod.name, uid: pod.uid, cgroup });
    } else if (tree.exists(cgroup)) {
      const error = toCloudtaserError(fault, cgroup);
      this.#failed.add(guarded);
      tell.once(guarded, "POD_UNGUARDED", error.message);
      log.error("pod not protected", { workload, cgroup, error });
    } // else it vanished meanwhile
  }

  /** Groups that are gone, and a pod of which nothing is left. */
  async #letGo(guarded: Guarded, present: readonly string[]): Promise<void> {
    const { tree, store, pods, synced } = this.#parts;
    for (const cgroup of guarded.cgroups)
      if (!present.includes(cgroup) && !tree.exists(cgroup)) await this.#gone(guarded, cgroup);
    const ended = guarded.cgroups.size === 0 && present.length === 0;
    if (ended && synced() && store.get(guarded.pod.uid) === undefined) pods.forget(guarded.pod.uid);
  }

  async #gone(guarded: Guarded, cgroup: string): Promise<void> {
    try {
      await this.#parts.guard.gone(cgroup, guarded.workload);
    } catch (error) {
      this.#parts.log.warn("what was protected for a pod could not be let go", { cgroup, error });
    }
    guarded.cgroups.delete(cgroup);
  }

  /** The agent's own pod is no workload. Only who has no group at all is waited for: looking takes long. */
  async #search(groups: ReadonlyMap<Guarded, readonly string[]>, own: ReadonlySet<Guarded>): Promise<void> {
    const { pods } = this.#parts;
    const sought = pods
      .values()
      .filter((guarded) => !own.has(guarded))
      .map((guarded) => ({ guarded, groups: groups.get(guarded) ?? [], ids: this.#runningIds(guarded) }));
    const found = await this.#elsewhere.find(sought, () => void this.run());
    if (found.length === 0) return;
    for (const { guarded } of found) pods.hold(guarded);
    await this.#ruling.apply(pods.values(), this.#claims);
    await this.#protect(found);
  }

  #count(groups: ReadonlyMap<Guarded, readonly string[]>, own: ReadonlySet<Guarded>): void {
    const { pods, tell } = this.#parts;
    this.unguarded = 0;
    for (const guarded of pods.values()) {
      const runs = this.#runningIds(guarded).length > 0;
      const isGuarded = guarded.cgroups.size > 0 && !this.#failed.has(guarded);
      if (isGuarded || !runs || own.has(guarded)) {
        guarded.missingSince = undefined;
        continue;
      }
      this.unguarded++;
      guarded.missingSince ??= this.#now();
      if (!groups.has(guarded) && guarded.cgroups.size === 0 && this.#now() - guarded.missingSince >= missingAfterMs)
        tell.once(guarded, "POD_UNGUARDED", "its containers run, and no control group of it is found");
    }
  }

  #runningIds({ pod }: Guarded): string[] {
    const { containers = [] } = this.#parts.store.get(pod.uid) ?? {};
    return containers.filter(({ running }) => running).map(({ id }) => id);
  }
}
