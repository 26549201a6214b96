// SPDX-License-Identifier: Apache-2.0
// The second object, which looks for secrets: its programs stand in rooms, arrays of one program, into which doors lead
// on. Rooms are shared by generations of doors like their other maps, so what stands in one goes on until it is replaced.
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { type DoorName, doors } from "./doors.js";
import { isNativeError, roomDoors, type SharedMap, sharedMaps } from "./load.js";
import type { BpfMap, BpfObject, Native } from "./native.js";
import { type ObjectFile, openObject, readObject } from "./objects.js";

/** What begins the name of a room's program; the rest is that of the door. */
const programPrefix = "ct_leak_";

const first = Buffer.alloc(4);

function fdValue(fd: number): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32LE(fd);
  return value;
}

export interface RoomOptions {
  native: Native;
  object: ObjectFile;
  form: "lsm" | "fmod_ret";
  /** Doors that the kernel has. */
  isLoaded(door: DoorName): boolean;
  /** Maps of the doors. */
  shared: ReadonlyMap<SharedMap, BpfMap>;
  /** Maps of an earlier load, by name; the others are fresh. */
  tables: ReadonlyMap<string, BpfMap>;
}

/** The loaded object. Nothing of it is called before it is entered into rooms. */
export class Rooms {
  readonly #object: BpfObject;
  readonly #shared: RoomOptions["shared"];
  /** Doors whose rooms are filled. */
  readonly #doors: (typeof roomDoors)[number][];

  /** Throws SECRETS_UNSUPPORTED: either all of it is in the kernel or nothing. */
  constructor(options: RoomOptions) {
    this.#object = openObject(options.native, options.object.path, readObject(options.object));
    this.#shared = options.shared;
    this.#doors = roomDoors.filter((door) => options.isLoaded(door));
    try {
      const wanted = new Map(this.#doors.map((door) => [`${programPrefix}${door}`, door]));
      for (const { name } of this.#object.programs()) {
        const door = wanted.get(name);
        if (door === undefined) this.#object.setAutoload(name, false);
        else if (options.form === "fmod_ret") this.#object.setForm(name, "fmod_ret", doors[door].hook);
      }
      for (const { name } of this.#object.maps()) this.#share(name, options);
      this.#object.load();
    } catch (cause) {
      this.#object.close();
      throw refused(options.object.path, cause);
    }
  }

  #share(map: string, { shared, tables }: RoomOptions): void {
    const source = (shared.get(map as SharedMap) ?? tables.get(map))?.fd;
    if (source !== undefined) this.#object.reuseMap(map, source);
  }

  map(name: string): BpfMap {
    return this.#object.map(name);
  }

  /** Ids of the maps that are this object's alone. */
  mapIds(): number[] {
    const foreign: readonly string[] = sharedMaps;
    return this.#object.maps().flatMap(({ name }) => (foreign.includes(name) ? [] : [idOf(this.#object, name)]));
  }

  /** From now on what passes these doors is looked at. */
  enter(): void {
    for (const door of this.#doors) {
      this.#shared.get(`room_${door}`)?.update(first, fdValue(this.#object.programFd(`${programPrefix}${door}`)));
    }
  }

  leave(): void {
    for (const door of roomDoors) this.#shared.get(`room_${door}`)?.delete(first);
  }

  close(): void {
    this.#object.close();
  }
}

function idOf(object: BpfObject, name: string): number {
  const map = object.map(name);
  const { id } = map.info();
  map.close();
  return id;
}

function refused(object: string, cause: unknown): CloudtaserError {
  if (cause instanceof CloudtaserError) return cause;
  // A lockdown to confidentiality takes from BPF programs the helpers that read kernel memory.
  const reason =
    isNativeError(cause) && /cannot use helper|unknown func/.test(cause.log)
      ? `${reasonOf(cause)}; what looks for secrets reads memory by helpers that this kernel refuses (lockdown)`
      : reasonOf(cause);
  return new CloudtaserError("SECRETS_UNSUPPORTED", { target: `the kernel, by ${object},`, fields: { reason }, cause });
}
