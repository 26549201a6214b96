// SPDX-License-Identifier: Apache-2.0
// What is protected whenever it appears: units, control groups and patterns of them, by workload. Their parents are
// watched, so that a unit that is started again is taken up when its group is made, and not at the next round.
import { DirectoryWatch } from "./directory-watch.js";
import type { Hierarchy } from "./hierarchy.js";
import { cgroupOfUnit } from "./targets.js";

export type Followed = { unit: string } | { cgroup: string } | { cgroups: readonly string[] };

export interface FollowedGroup {
  /** Inside the hierarchy. */
  path: string;
  workload: string;
}

export class Following {
  readonly #hierarchy: () => Hierarchy;
  readonly #targets = new Map<string, Followed[]>();
  /** Where each unit was last; a unit that is started again comes there again. */
  readonly #places = new Map<string, string>();
  readonly #watch: DirectoryWatch;

  /** @param onAppear something may be there that was not */
  constructor(hierarchy: () => Hierarchy, onAppear: () => void | Promise<void>) {
    this.#hierarchy = hierarchy;
    this.#watch = new DirectoryWatch(onAppear);
  }

  add(workload: string, target: Followed): void {
    const known = this.#targets.get(workload) ?? [];
    const text = JSON.stringify(target);
    if (known.some((one) => JSON.stringify(one) === text)) return;
    this.#targets.set(workload, [...known, target]);
    this.watch();
  }

  remove(workload: string): void {
    if (this.#targets.delete(workload)) this.watch();
  }

  has(workload: string): boolean {
    return this.#targets.has(workload);
  }

  /** A pattern may match nothing; a unit that does not run is an error. */
  async pathsOf(target: Followed): Promise<string[]> {
    const hierarchy = this.#hierarchy();
    if ("cgroups" in target) return [...new Set(target.cgroups.flatMap((pattern) => hierarchy.expand(pattern)))];
    if ("cgroup" in target) return [hierarchy.insideOf(target.cgroup)];
    const before = this.#places.get(target.unit);
    // To ask systemd takes longer than a service needs to start.
    if (before !== undefined && hierarchy.find(before) !== undefined) return [before];
    const path = hierarchy.insideOf(await cgroupOfUnit(target.unit));
    this.#places.set(target.unit, path);
    return [path];
  }

  /** All that is there of what is followed. */
  async found(): Promise<FollowedGroup[]> {
    const groups: FollowedGroup[] = [];
    for (const [workload, targets] of this.#targets) {
      for (const target of targets) {
        const paths = await this.pathsOf(target).catch(() => [] as string[]); // a stopped unit has none
        for (const path of paths) if (this.#hierarchy().find(path) !== undefined) groups.push({ path, workload });
      }
    }
    return groups;
  }

  /** Watches where something may appear, as the directories are now. */
  watch(): void {
    const patterns = [...this.#targets.values()].flat().flatMap((target) => this.#patternsOf(target));
    this.#watch.set(new Set(patterns.flatMap((pattern) => this.#hierarchy().parents(pattern))));
  }

  close(): void {
    this.#watch.close();
  }

  #patternsOf(target: Followed): readonly string[] {
    if ("cgroups" in target) return target.cgroups;
    if ("cgroup" in target) return [target.cgroup];
    return [this.#places.get(target.unit) ?? `/system.slice/${target.unit}`];
  }
}
