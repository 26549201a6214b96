// SPDX-License-Identifier: Apache-2.0
// The doors at their hooks: attached and pinned; or asleep, when those that may sleep are off and the rest is pinned no
// more. Maps outlive both states; whether a door is really called is proving.ts.
import { adopt } from "./adopt.js";
import type { DoorName, Form } from "./doors.js";
import { doorNames, programOf, sleeps } from "./doors.js";
import { foreignMaps, linkThatStands } from "./foreign-maps.js";
import { isFull, whyUnattached } from "./full-hook.js";
import {
  type DoorFailure,
  isNativeError,
  kprobeOf,
  type LoadOptions,
  mapsOf,
  roomMaps,
  type SharedMap,
} from "./load.js";
import type { BpfLink, BpfMap, BpfObject, Native } from "./native.js";
import { entriesOf, isPin } from "./pin-tree.js";
import type { Pins } from "./pins.js";
import { loadPrograms, type Programs } from "./programs.js";

export class Standing {
  readonly form: Form;
  readonly maps: ReadonlyMap<SharedMap, BpfMap>;
  readonly #native: Native;
  readonly #options: LoadOptions;
  /** undefined where nothing is pinned. */
  readonly pins: Pins | undefined;
  /** The directory in which the doors are pinned; undefined: none yet. */
  #generation: string | undefined;
  readonly #links: Map<DoorName, BpfLink>;
  /** Why a loaded door could not be attached. */
  readonly #refused = new Map<DoorName, DoorFailure>();
  /** What an earlier agent has at doors where this one could not attach: it stands on until it can. */
  readonly #left = new Map<DoorName, BpfLink>();
  /** Others have filled the hook of a door. */
  crowded = false;
  #programs: Programs;
  /** Loaded, and attached nowhere yet: what doors will be attached from where the programs are another agent's. */
  #spare: Programs | undefined;
  /** A link is not in the newest generation of pins. */
  #unpinned: boolean;
  /** Doors whose program, in this copy, has been attached and taken off again. */
  readonly #used = new Set<DoorName>();
  /** The kernel attaches a program once in its life: known after the first time that it refuses. */
  #attachesOnce = false;

  /** Keeps the doors that stand if they are the same, else loads; attaches nothing. Throws when nothing can be loaded. */
  constructor(native: Native, options: LoadOptions, pins: Pins | undefined) {
    this.#native = native;
    this.#options = options;
    this.pins = pins;
    this.form = options.form;
    const adopted = pins === undefined ? undefined : adopt(native, options, pins);
    this.#unpinned = adopted === undefined;
    this.#generation = adopted?.generation;
    this.#links = adopted?.links ?? new Map();
    if (adopted !== undefined) {
      pins?.know(mapsOf(options.form).map((name) => pins.map(name)));
      this.#programs = { object: undefined, failed: new Map(), ...adopted };
      this.maps = adopted.maps;
      return;
    }
    if (pins !== undefined && options.reuse !== undefined) {
      for (const path of foreignMaps(native, pins)) pins.removeForeign(path);
      // Of those that lie there now a load takes each, or fails.
      pins.know(entriesOf(pins.maps).filter(isPin));
    }
    const { object, ...rest } = loadPrograms(native, options);
    this.#programs = { object, ...rest };
    this.maps = new Map(mapsOf(options.form).map((name) => [name, object.map(name)]));
  }

  /** The copy of the programs that doors are attached from; undefined: one that an earlier agent loaded. */
  get object(): BpfObject | undefined {
    return this.#programs.object;
  }

  /** One run of the census: what it wrote. */
  census(): Buffer {
    return this.#programs.census.run();
  }

  get awake(): boolean {
    return this.attached.some(sleeps);
  }

  /** All but those that this kernel lacks and does not need. */
  get doors(): DoorName[] {
    return doorNames.filter((door) => !this.#programs.absent.has(door));
  }

  get attached(): DoorName[] {
    return doorNames.filter((door) => this.#links.has(door));
  }

  /** Of the rooms behind the doors, which no program but their own door can name. */
  get roomIds(): number[] {
    return roomMaps.flatMap((name) => this.maps.get(name)?.info().id ?? []);
  }

  /** Where the kernel can name them; what 5.10 attaches as a kprobe is no link to it. */
  get linkIds(): number[] {
    return [...this.#links.values(), ...this.#left.values()].flatMap((link) => link.info()?.id ?? []);
  }

  /** Calls that the kernel left out because the door's program was running already on that processor. */
  recursionMissesOf(door: DoorName): bigint {
    if (!this.isLoaded(door)) return 0n;
    const { object } = this.#programs;
    if (object !== undefined) return object.programInfo(programOf(door)).recursionMisses;
    const id = this.#links.get(door)?.info()?.programId;
    return id === undefined ? 0n : this.#native.loadedProgram(id).recursionMisses;
  }

  isLoaded(door: DoorName): boolean {
    return !this.#programs.failed.has(door) && !this.#programs.absent.has(door);
  }

  failureOf(door: DoorName): DoorFailure | undefined {
    return this.#programs.failed.get(door) ?? this.#refused.get(door);
  }

  /** Attaches what is off, or has an older link for want of a place. Each fails alone; returns those that are new. */
  attach(): DoorName[] {
    this.crowded = false;
    const missing = doorNames.filter((door) => this.isLoaded(door) && this.#isMissing(door));
    if (missing.length > 0 && this.adopted) this.#loadAgain();
    // Also while others stand: a fall asleep may have been broken off.
    const used = missing.filter((door) => this.#used.has(door));
    if (used.some((door) => this.#isSpent(door))) this.#loadAgain();
    const attached = missing.filter((door) => !this.#isMissing(door) || this.#attachOne(door));
    if (this.crowded) this.#native.releaseBtf();
    return attached;
  }

  #isMissing(door: DoorName): boolean {
    return !this.#links.has(door) || this.#refused.has(door);
  }

  /** New before old. */
  #stand(door: DoorName, link: BpfLink): void {
    const old = this.#links.get(door);
    this.#links.set(door, link);
    this.#refused.delete(door);
    old?.close();
    this.#left.get(door)?.close();
    this.#left.delete(door);
  }

  #attachOne(door: DoorName): boolean {
    try {
      this.#stand(door, this.#attachNow(door));
      return true;
    } catch (error) {
      if (isFull(error)) this.crowded = true;
      const own = this.#leave(door)?.info()?.id;
      this.#refused.set(door, whyUnattached(this.#native, error, { door, form: this.form, own }));
      return false;
    }
  }

  /** Keeps what is pinned of that door, which would go with its generation. */
  #leave(door: DoorName): BpfLink | undefined {
    const standing = this.#links.get(door) ?? this.#left.get(door);
    if (standing !== undefined || this.pins === undefined) return standing;
    const link = linkThatStands(this.#native, this.pins, door);
    if (link !== undefined) this.#left.set(door, link);
    return link;
  }

  #attachNow(door: DoorName): BpfLink {
    const { object } = this.#programs;
    if (object === undefined) throw new Error("the programs are another agent's");
    const link = object.attach(programOf(door), kprobeOf(door, this.form));
    this.#unpinned = true;
    return link;
  }

  /** Kernels before 5.13 attach a program once in its life and say ENOENT from then on (kernel commit f3a95075549e). */
  #isSpent(door: DoorName): boolean {
    try {
      this.#stand(door, this.#attachNow(door));
      return false;
    } catch (error) {
      this.#attachesOnce = isNativeError(error) && error.code === "ENOENT";
      return this.#attachesOnce;
    }
  }

  #loadAgain(): void {
    const spent = this.#programs;
    this.#programs = this.#makeSpare();
    this.#spare = undefined;
    this.#used.clear();
    for (const door of [...this.#links.keys()]) this.#attachOne(door);
    spent.census.close();
    spent.object?.close();
  }

  #makeSpare(): Programs {
    this.#spare ??= loadPrograms(this.#native, { ...this.#options, reuse: this.maps });
    this.#native.releaseBtf();
    return this.#spare;
  }

  /** The programs are those that an earlier agent has loaded. */
  get adopted(): boolean {
    return this.object === undefined;
  }

  /** In place of programs of an earlier agent, this one's own: new before old. */
  renew(): void {
    this.#loadAgain();
    this.pin();
  }

  /**
   * Pins a new generation beside what stands already, which then goes: new before old. One that is kept is pinned. From when
   * something old has been touched, the new one stays whatever happens: the doors might have no other pins.
   */
  pin(): void {
    const { pins, maps } = this;
    if (!pins) return;
    if (this.#unpinned || this.#generation === undefined) {
      const generation = pins.nextGeneration();
      try {
        pins.add({ maps, links: new Map([...this.#left, ...this.#links]), census: this.#programs.census }, generation);
      } catch (error) {
        pins.removeUnfinished(generation);
        throw error;
      }
      this.#generation = generation;
      this.#unpinned = false;
    }
    pins.keepOnly(this.#generation);
  }

  /**
   * Takes off one by one the doors that may sleep, since the kernel makes us wait at each; stops when `still` says no,
   * and leaves what is off to the next attach(). Each is unpinned first: the last reference then is ours, and its close
   * detaches at once.
   */
  async detach(still: () => boolean): Promise<void> {
    // The door that takes the dead out of scope goes last, when no pin is left: should we die here, so does the scope.
    const last = this.#links.get("task_free");
    // What cannot be loaded, because the files are another version's by now, say, could not be attached again.
    if (this.adopted) this.#makeSpare();
    for (const [door, link] of [...this.#links]) {
      if (!still()) return;
      if (link === last || !sleeps(door)) continue;
      this.pins?.removeDoor(door);
      this.#letGo(door, link);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!still()) return;
    this.pins?.removeAll();
    this.#unpinned = true;
    if (last) this.#letGo("task_free", last);
    // Now and not when somebody waits for protection.
    if (this.#attachesOnce || this.adopted) this.#loadAgain();
  }

  #letGo(door: DoorName, link: BpfLink): void {
    this.#links.delete(door);
    this.#used.add(door);
    link.close();
  }

  /** All of them, at once and for good. */
  takeOff(): void {
    try {
      this.pins?.removeAll();
    } finally {
      this.#closeLinks();
    }
  }

  #closeLinks(): void {
    for (const links of [this.#links, this.#left]) {
      for (const link of links.values()) link.close();
      links.clear();
    }
  }

  /** "leave": pinned doors go on refusing. */
  close(how: "leave" | "detach"): void {
    if (how === "detach") this.takeOff();
    this.#closeLinks();
    for (const map of this.maps.values()) map.close();
    for (const programs of [this.#programs, this.#spare]) {
      programs?.census.close();
      programs?.object?.close();
    }
  }
}
