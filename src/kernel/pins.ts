// SPDX-License-Identifier: Apache-2.0
// What outlives the agent, in bpffs: maps/<name>, leaks/<name> for those of registered secrets, and one directory doors-<n>
// per generation of doors, which has that name once it is whole: a link per door, and the program of the census. A link that
// is pinned keeps refusing after the agent's death.
import { chmodSync, mkdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { DoorName } from "./doors.js";
import type { SharedMap } from "./load.js";
import type { BpfIterator, BpfLink, BpfMap } from "./native.js";
import { entriesOf, isPin, isThere, type LeftPin, removeTree } from "./pin-tree.js";

/** Ends the name of a generation that is not whole yet. bpffs allows no dots in names. */
const unfinished = "-new";

/** A whole generation. */
export interface PinnedDoors {
  maps: ReadonlyMap<SharedMap, BpfMap>;
  links: ReadonlyMap<DoorName, BpfLink>;
  census: BpfIterator;
}

/** undefined: no name of a generation. */
function numberOf(path: string): number | undefined {
  const digits = /^doors-([1-9]\d{0,14})$/.exec(basename(path))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Under such a name nobody but the agent keeps anything; what has another may be somebody's who shares the directory. */
const hasOwnName = (path: string): boolean => /^(doors-|maps$|leaks$)/.test(basename(path));

/** The kernel, or the guards, said no to whoever asked for a pin. */
export const isRefused = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && ["EPERM", "EACCES"].includes(String(cause.code));

/** A pin that cannot be taken over: PIN_STRANGER where the guards refused it, else PIN_MISMATCH. */
export function notOurs(target: string, cause: unknown): CloudtaserError {
  return new CloudtaserError(isRefused(cause) ? "PIN_STRANGER" : "PIN_MISMATCH", {
    target,
    fields: { reason: reasonOf(cause) },
    cause,
  });
}

export class Pins {
  readonly path: string;
  /** What the last removal could not remove. */
  left: readonly LeftPin[] = [];
  /** Called when there is a new directory of ours, before anything is pinned in it. */
  guard: () => void = () => {};
  /** Told of what lay there, is not the agent's, and goes. */
  onForeign: (path: string) => void = () => {};
  /** Pins of maps that are known for the agent's: it has made them, or has looked at what it found. */
  readonly #own = new Set<string>();

  constructor(path: string) {
    this.path = path;
  }

  get maps(): string {
    return join(this.path, "maps");
  }

  get leaks(): string {
    return join(this.path, "leaks");
  }

  /** Tables of registered secrets are pinned. */
  get hasLeaks(): boolean {
    return this.leak("leak_secrets") !== undefined;
  }

  /** Path of a table of secrets that is pinned. */
  leak(name: string): string | undefined {
    const path = join(this.leaks, name);
    return isPin(path) ? path : undefined;
  }

  addLeak(name: string, map: BpfMap): void {
    this.#try(this.leaks, () => mkdirSync(this.leaks, { recursive: true, mode: 0o700 }));
    this.#addMap(join(this.leaks, name), map);
  }

  removeLeaks(): void {
    for (const path of entriesOf(this.leaks)) if (!this.#own.delete(path)) this.onForeign(path);
    removeTree(this.leaks);
  }

  /** These were found there, and are the agent's. */
  know(paths: Iterable<string>): void {
    for (const path of paths) this.#own.add(path);
  }

  /** It is not the agent's. */
  removeForeign(path: string): void {
    this.onForeign(path);
    removeTree(path);
  }

  #addMap(path: string, map: BpfMap): void {
    if (isThere(path)) {
      if (this.#own.has(path)) return;
      this.removeForeign(path);
    }
    this.#try(path, () => map.pin(path));
    this.#own.add(path);
  }

  map(name: SharedMap): string {
    return join(this.maps, name);
  }

  /** Doors of an earlier agent stand and may be taken over. */
  get standing(): boolean {
    return isPin(this.map("scope")) && this.generations().length > 0;
  }

  /** Directories of generations, oldest first. One in which nothing is pinned is none, whatever its name. */
  generations(): string[] {
    return entriesOf(this.path)
      .filter((path) => numberOf(path) !== undefined && entriesOf(path).some(isPin))
      .sort((a, b) => (numberOf(a) ?? 0) - (numberOf(b) ?? 0));
  }

  /** Something is pinned, or lies there under such a name, whole or not. */
  get any(): boolean {
    return entriesOf(this.path).some(hasOwnName);
  }

  /** The directory that the next generation gets: after the newest, and none that anything is in the way of. */
  nextGeneration(): string {
    for (let number = numberOf(this.generations().at(-1) ?? "") ?? 0; ; ) {
      // Beyond the largest name that there is, what is free begins again.
      number = numberOf(join(this.path, `doors-${number + 1}`)) ?? 1;
      const directory = join(this.path, `doors-${number}`);
      if (!isThere(directory) && removeTree(`${directory}${unfinished}`).length === 0) return directory;
    }
  }

  door(generation: string, door: DoorName): string {
    return join(generation, door);
  }

  /** Paths of what is pinned of a door, newest first. */
  doorsThatStand(door: DoorName): string[] {
    return this.generations()
      .map((generation) => this.door(generation, door))
      .filter(isPin)
      .reverse();
  }

  census(generation: string): string {
    return join(generation, "census");
  }

  /** All that is pinned, and what else lies there. */
  entries(): string[] {
    const directories = [...this.generations(), this.maps, this.leaks];
    const others = entriesOf(this.path).filter((path) => hasOwnName(path) && !directories.includes(path));
    return [...directories.flatMap(entriesOf), ...others];
  }

  /** Links, in every generation. */
  links(): string[] {
    return this.generations().flatMap((directory) =>
      entriesOf(directory).filter((path) => isPin(path) && path !== this.census(directory)),
    );
  }

  /** Pins a new generation beside what stands. Maps that were taken over are pinned already. */
  add({ maps, links, census }: PinnedDoors, directory: string): void {
    const fresh = `${directory}${unfinished}`;
    this.#try(fresh, () => mkdirSync(fresh, { recursive: true, mode: 0o700 }));
    this.#try(this.maps, () => mkdirSync(this.maps, { recursive: true, mode: 0o700 }));
    this.guard();
    for (const [name, map] of maps) this.#addMap(this.map(name), map);
    for (const [door, link] of links) this.#pin(this.door(fresh, door), link);
    this.#pin(this.census(fresh), census);
    this.#try(directory, () => renameSync(fresh, directory));
  }

  #pin(path: string, what: BpfLink | BpfIterator): void {
    this.#try(path, () => what.pin(path));
    // Without permission bits the kernel asks the door `capable` before it gives it out, to root too.
    this.#try(path, () => chmodSync(path, 0));
  }

  /** Directories whose entries are all ours. */
  directories(): string[] {
    const begun = entriesOf(this.path).filter((path) => path.endsWith(unfinished));
    return [this.path, this.maps, this.leaks, ...this.generations(), ...begun].filter(isThere);
  }

  /** Takes back a generation that could not be made whole. Nothing else is touched. */
  removeUnfinished(directory: string): void {
    removeTree(`${directory}${unfinished}`);
  }

  /** Lets go of every other generation, now that this one stands, and of what else has such a name. */
  keepOnly(generation: string): void {
    const kept = [generation, this.maps, this.leaks];
    const others = entriesOf(this.path).filter((path) => hasOwnName(path) && !kept.includes(path));
    const older = this.generations();
    for (const path of others) if (!older.includes(path) && !path.endsWith(unfinished)) this.onForeign(path);
    this.left = others.flatMap(removeTree);
  }

  /** Lets go of one door in every generation. */
  removeDoor(door: string): void {
    for (const directory of this.generations()) {
      if (isPin(join(directory, door))) unlinkSync(join(directory, door));
    }
  }

  /** What cannot be removed is in `left`, and keeps nothing else. */
  removeAll(): void {
    const last = [this.leaks, this.maps];
    const doors = this.generations();
    const others = entriesOf(this.path).filter((path) => hasOwnName(path) && ![...doors, ...last].includes(path));
    const left = [...doors, ...others, ...last].flatMap(removeTree);
    this.#own.clear();
    this.left = left;
    try {
      rmdirSync(this.path);
    } catch {
      // Something of somebody else's lies there, or it is a mount, or gone: it holds nothing of ours.
    }
  }

  #try(target: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new CloudtaserError("PIN_FAILED", { target, fields: { reason: reasonOf(error) }, cause: error });
    }
  }
}
