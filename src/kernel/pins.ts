// SPDX-License-Identifier: Apache-2.0
// What outlives the agent, in bpffs: maps/<name>, leaks/<name> for those of registered secrets, and one directory doors-<n>
// per generation of doors, which has that name once it is whole: a link per door, and the program of the census. A link that
// is pinned keeps refusing after the agent's death.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { DoorName } from "./doors.js";
import type { SharedMap } from "./load.js";
import type { BpfIterator, BpfLink, BpfMap } from "./native.js";

/** Ends the name of a generation that is not whole yet. bpffs allows no dots in names. */
const unfinished = "-new";

/** A whole generation. */
export interface PinnedDoors {
  maps: ReadonlyMap<SharedMap, BpfMap>;
  links: ReadonlyMap<DoorName, BpfLink>;
  census: BpfIterator;
}

export class Pins {
  readonly path: string;

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
    return existsSync(path) ? path : undefined;
  }

  addLeak(name: string, map: BpfMap): void {
    const path = join(this.leaks, name);
    if (existsSync(path)) return;
    this.#try(this.leaks, () => mkdirSync(this.leaks, { recursive: true, mode: 0o700 }));
    this.#try(path, () => map.pin(path));
  }

  removeLeaks(): void {
    removeTree(this.leaks);
  }

  map(name: SharedMap): string {
    return join(this.maps, name);
  }

  /** Doors of an earlier agent stand and may be taken over. */
  get standing(): boolean {
    return existsSync(this.map("scope")) && this.generations().length > 0;
  }

  /** Directories of generations, oldest first. */
  generations(): string[] {
    const numberOf = (path: string): number => Number(basename(path).slice(6));
    return entriesOf(this.path)
      .filter((path) => /^doors-\d+$/.test(basename(path)))
      .sort((a, b) => numberOf(a) - numberOf(b));
  }

  /** Something of ours is pinned, whole or not. */
  get any(): boolean {
    return entriesOf(this.path).length > 0;
  }

  /** The directory that the next generation gets. */
  nextGeneration(): string {
    const last = this.generations().at(-1);
    return join(this.path, `doors-${last ? Number(last.slice(last.lastIndexOf("-") + 1)) + 1 : 1}`);
  }

  door(generation: string, door: DoorName): string {
    return join(generation, door);
  }

  /** Path of the newest generation's link; undefined if it has none. */
  doorThatStands(door: DoorName): string | undefined {
    const path = this.generations().at(-1);
    return path !== undefined && existsSync(this.door(path, door)) ? this.door(path, door) : undefined;
  }

  census(generation: string): string {
    return join(generation, "census");
  }

  /** All that is pinned, but for a generation that is not whole. */
  entries(): string[] {
    return [...this.generations(), this.maps, this.leaks].flatMap(entriesOf);
  }

  /** Links, in every generation. */
  links(): string[] {
    return this.generations().flatMap((directory) =>
      entriesOf(directory).filter((path) => path !== this.census(directory)),
    );
  }

  /** Pins a new generation beside what stands. Maps that were taken over are pinned already. */
  add({ maps, links, census }: PinnedDoors, directory: string): void {
    const fresh = `${directory}${unfinished}`;
    removeTree(fresh);
    this.#try(fresh, () => mkdirSync(fresh, { recursive: true, mode: 0o700 }));
    this.#try(this.maps, () => mkdirSync(this.maps, { recursive: true, mode: 0o700 }));
    for (const [name, map] of maps) {
      if (!existsSync(this.map(name))) this.#try(this.map(name), () => map.pin(this.map(name)));
    }
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
    return [this.path, this.maps, this.leaks, ...this.generations()].filter((path) => existsSync(path));
  }

  /** Lets go of generations older than the newest: new before old; and of one that a start did not bring to its end. */
  removeOld(): void {
    for (const directory of this.generations().slice(0, -1)) removeTree(directory);
    this.#removeUnfinished();
  }

  #removeUnfinished(): void {
    for (const path of entriesOf(this.path)) if (path.endsWith(unfinished)) removeTree(path);
  }

  /** Lets go of one door in every generation. */
  removeDoor(door: string): void {
    for (const directory of this.generations()) {
      if (existsSync(join(directory, door))) unlinkSync(join(directory, door));
    }
  }

  remove(generation: string): void {
    removeTree(generation);
  }

  removeAll(): void {
    for (const directory of this.generations()) removeTree(directory);
    this.#removeUnfinished();
    this.removeLeaks();
    removeTree(this.maps);
    if (existsSync(this.path)) rmdirSync(this.path);
  }

  #try(target: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      throw new CloudtaserError("PIN_FAILED", { target, fields: { reason: reasonOf(error) }, cause: error });
    }
  }
}

const entriesOf = (directory: string): string[] =>
  existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];

function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const path of entriesOf(directory)) unlinkSync(path);
  rmdirSync(directory);
}
