// SPDX-License-Identifier: Apache-2.0
// What outlives the agent, in bpffs: maps/<name>, leaks/<name> for those of registered secrets, and one directory doors-<n>
// of links per generation of doors, which has that name once it is whole. A link that is pinned keeps refusing after the
// agent's death.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { SharedMap } from "./load.js";
import type { BpfLink, BpfMap, BpfObject } from "./native.js";

/** Ends the name of a generation that is not whole yet. bpffs allows no dots in names. */
const unfinished = "-new";

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
    if (!existsSync(this.path)) return [];
    return readdirSync(this.path)
      .filter((name) => /^doors-\d+$/.test(name))
      .sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)))
      .map((name) => join(this.path, name));
  }

  /** Something of ours is pinned, whole or not. */
  get any(): boolean {
    return existsSync(this.path) && readdirSync(this.path).length > 0;
  }

  /** The directory that the next generation gets. */
  nextGeneration(): string {
    const last = this.generations().at(-1);
    return join(this.path, `doors-${last ? Number(last.slice(last.lastIndexOf("-") + 1)) + 1 : 1}`);
  }

  /** Pins a new generation beside what stands. Maps that were taken over are pinned already. */
  add(object: BpfObject, maps: Iterable<SharedMap>, links: ReadonlyMap<string, BpfLink>, directory: string): void {
    const fresh = `${directory}${unfinished}`;
    removeTree(fresh);
    this.#try(fresh, () => mkdirSync(fresh, { recursive: true, mode: 0o700 }));
    this.#try(this.maps, () => mkdirSync(this.maps, { recursive: true, mode: 0o700 }));
    for (const map of maps) {
      if (!existsSync(this.map(map))) this.#try(this.map(map), () => object.map(map).pin(this.map(map)));
    }
    for (const [door, link] of links) {
      const pin = join(fresh, door);
      this.#try(pin, () => link.pin(pin));
      // Without permission bits the kernel asks the door `capable` before it gives the link out, to root too.
      this.#try(pin, () => chmodSync(pin, 0));
    }
    this.#try(directory, () => renameSync(fresh, directory));
  }

  /** Directories whose entries are all ours. */
  directories(): string[] {
    return [this.path, this.maps, this.leaks, ...this.generations()].filter((path) => existsSync(path));
  }

  /** Lets go of generations older than the newest: new before old. */
  removeOld(): void {
    for (const directory of this.generations().slice(0, -1)) removeTree(directory);
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
    for (const name of existsSync(this.path) ? readdirSync(this.path) : []) {
      if (name.endsWith(unfinished)) removeTree(join(this.path, name));
    }
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

function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) unlinkSync(join(directory, name));
  rmdirSync(directory);
}
