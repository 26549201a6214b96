// SPDX-License-Identifier: Apache-2.0
// What is protected whenever it appears: units, control groups and patterns of them, by workload. Their parents are
// watched, so that a unit that is started again is taken up when its group is made, and not at the next round.
import { DirectoryWatch } from "./directory-watch.js";
import type { Hierarchy } from "./hierarchy.js";
import { UnitPlaces, type UnitPlacesParts } from "./unit-places.js";

export type Followed = { unit: string } | { cgroup: string } | { cgroups: readonly string[] };

export interface FollowedGroup {
  /** Inside the hierarchy. */
  path: string;
  workload: string;
}

export class Following {
  readonly #hierarchy: () => Hierarchy;
  readonly #targets = new Map<string, Followed[]>();
  readonly #units: UnitPlaces;
  readonly #watch: DirectoryWatch;

  /** @param onAppear something may be there that was not */
  constructor(
    hierarchy: () => Hierarchy,
    onAppear: () => void | Promise<void>,
    means: Pick<UnitPlacesParts, "ask" | "restMs"> = {},
  ) {
    this.#hierarchy = hierarchy;
    this.#units = new UnitPlaces({ hierarchy, onMoved: onAppear, ...means });
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

  /**
   * A pattern may match nothing; a unit that does not run is an error.
   * @param asking systemd is asked where a unit is, also if a group is where it was
   */
  async pathsOf(target: Followed, asking = false): Promise<string[]> {
    const hierarchy = this.#hierarchy();
    if ("cgroups" in target) return [...new Set(target.cgroups.flatMap((pattern) => hierarchy.expand(pattern)))];
    if ("cgroup" in target) return [hierarchy.insideOf(target.cgroup)];
    const { unit } = target;
    const known = this.#units.taken(unit);
    if (known.length > 0 && !asking) return known;
    await this.#units.ask(unit).catch((error: unknown) => {
      if (known.length === 0) throw error;
    });
    const taken = this.#units.taken(unit);
    return taken.length > 0 ? taken : this.#units.of(unit).slice(0, 1);
  }

  /** All that is there of what is followed. A unit that has moved is found behind this, and onAppear called. */
  async found(): Promise<FollowedGroup[]> {
    const groups: FollowedGroup[] = [];
    const units = new Set<string>();
    for (const [workload, targets] of this.#targets) {
      for (const target of targets) {
        if ("unit" in target && this.#units.taken(target.unit).length > 0) units.add(target.unit);
        const paths = await this.pathsOf(target).catch(() => [] as string[]); // a stopped unit has none
        for (const path of paths) if (this.#hierarchy().find(path) !== undefined) groups.push({ path, workload });
      }
    }
    this.#units.lookAfter(units);
    return groups;
  }

  /** Watches where something may appear, as the directories are now. */
  watch(): void {
    const patterns = [...this.#targets.values()].flat().flatMap((target) => this.#patternsOf(target));
    this.#watch.set(new Set(patterns.flatMap((pattern) => this.#hierarchy().parents(pattern))));
  }

  close(): void {
    this.#units.close();
    this.#watch.close();
  }

  #patternsOf(target: Followed): readonly string[] {
    if ("cgroups" in target) return target.cgroups;
    if ("cgroup" in target) return [target.cgroup];
    const known = this.#units.of(target.unit);
    return known.length > 0 ? known : [`/system.slice/${target.unit}`];
  }
}
