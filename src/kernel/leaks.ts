// SPDX-License-Identifier: Apache-2.0
// Secrets in the kernel as the rest of the agent sees them. The second object is loaded with the first secret and goes
// after the last; pinned beside the doors it survives the agent, and the next one takes the tables over, key and all.
import { randomBytes } from "node:crypto";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { DoorName, Form } from "./doors.js";
import { ownTables } from "./foreign-maps.js";
import { roomDoors, type SharedMap } from "./load.js";
import type { BpfMap, Fingerprint, Native } from "./native.js";
import { type ObjectSource, objectFile } from "./objects.js";
import type { Pins } from "./pins.js";
import { Rooms } from "./rooms.js";
import type { Sinks } from "./secret-sinks.js";
import { type LeakLimits, SecretTable, secretMapNames } from "./secret-table.js";
import type { Standing } from "./standing.js";
import { addOwnMaps, forgetGoneMaps } from "./tables.js";

/** A secret by its forms. */
export interface PreparedSecret {
  forms: readonly Fingerprint[];
  /** Numbers of secrets of the same value. */
  sameAs: ReadonlySet<number>;
}

export interface LeakOptions {
  native: Native;
  objects: ObjectSource;
  form: Form;
  maps: ReadonlyMap<SharedMap, BpfMap>;
  /** undefined where nothing is pinned. */
  pins: Pins | undefined;
  isLoaded(door: DoorName): boolean;
  /** Tables were pinned. */
  onPinned: () => void;
}

interface Loaded {
  rooms: Rooms;
  maps: Map<string, BpfMap>;
  table: SecretTable;
}

const withoutRefusal = "in the signal form nothing is refused, so what was written would be out before anybody looked";

/** Until the configuration has been read. */
const defaultLimits: LeakLimits = { scanLimit: 64 * 1024, beyond: "edges", unscanned: "report" };

export class Leaks {
  readonly #options: LeakOptions;
  #limits = defaultLimits;
  #loaded: Loaded | undefined;
  /** Why what an earlier agent left could not be taken over; "" if it could, or there was nothing. */
  failure = "";

  constructor(options: LeakOptions) {
    this.#options = options;
  }

  /** Why nothing can be matched; "" if it can, or if nobody has tried. */
  get unsupported(): string {
    return this.#options.form === "signal" ? withoutRefusal : this.failure;
  }

  /** Takes over what an earlier agent has registered. What cannot be goes on in its rooms, and nobody can change it. */
  takeOver(): void {
    const { native, maps, pins } = this.#options;
    if (!pins?.hasLeaks) return;
    try {
      const tables = ownTables(native, pins, secretMapNames, mapIn("own_maps", new Map(), maps));
      // Then it was nobody's, and the first secret gets fresh ones.
      if (tables === undefined) {
        pins.removeLeaks();
        return;
      }
      pins.know([...tables.keys()].flatMap((name) => pins.leak(name) ?? []));
      try {
        this.#load(tables);
      } finally {
        for (const table of tables.values()) table.close();
      }
    } catch (error) {
      this.failure = reasonOf(error);
    }
  }

  /** Beside doors that are pinned. */
  pin(): void {
    const { pins } = this.#options;
    if (this.#loaded === undefined || !pins?.standing) return;
    for (const name of secretMapNames) pins.addLeak(name, this.#map(name));
  }

  configure(limits: LeakLimits): void {
    this.#limits = limits;
    this.#loaded?.table.configure(limits);
  }

  /** The value is zeros afterwards. Throws SECRETS_UNSUPPORTED where nothing can be matched. */
  prepare(value: Uint8Array): PreparedSecret {
    try {
      const { table } = this.#ready();
      const key = table.key;
      const forms = this.#options.native.fingerprints(value, key);
      key.fill(0);
      return { forms, sameAs: table.sameAs(forms) };
    } finally {
      value.fill(0);
    }
  }

  add(
    secret: { name: string; id: number; group: number; sinks: Sinks },
    { forms }: PreparedSecret,
  ): { contained: boolean } {
    return this.#ready().table.add({ ...secret, forms });
  }

  setSinks(name: string, id: number, sinks: Sinks): void {
    this.#ready().table.setSinks(name, id, sinks);
  }

  remove(ids: readonly number[]): void {
    this.#loaded?.table.remove(ids);
  }

  /** Doors that are not in this kernel now, so that nothing is looked at behind them. */
  blind(): string[] {
    return roomDoors.filter((door) => !this.#options.isLoaded(door));
  }

  list(): { id: number; group: number }[] {
    return this.#loaded?.table.list() ?? [];
  }

  /** There are secrets, or were a moment ago. */
  get inUse(): boolean {
    return this.#loaded !== undefined;
  }

  /** Whether secrets can be matched here, tried. Returns why not, "" if they can. */
  tryOut(): string {
    try {
      this.#ready();
      this.settle();
      return "";
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Takes the object out again if there is no secret. */
  settle(): void {
    if (this.#loaded === undefined || this.list().length > 0) return;
    this.#loaded.rooms.leave();
    this.#options.pins?.removeLeaks();
    this.close();
  }

  /** What is in rooms goes on there, as long as the doors do. */
  close(): void {
    for (const map of this.#loaded?.maps.values() ?? []) map.close();
    this.#loaded?.rooms.close();
    this.#loaded = undefined;
  }

  #ready(): Loaded {
    return this.#loaded ?? this.#load();
  }

  /** @param tables those of an earlier agent; left out: whatever lies where they will be pinned is another's */
  #load(tables?: ReadonlyMap<string, BpfMap>): Loaded {
    const { form, native, objects, maps, pins, isLoaded } = this.#options;
    if (form === "signal") {
      throw new CloudtaserError("SECRETS_UNSUPPORTED", { target: "this agent", fields: { reason: withoutRefusal } });
    }
    const rooms = new Rooms({
      native,
      object: objectFile("cloudtaser-leaks.bpf.o", objects),
      form,
      isLoaded,
      shared: maps,
      tables: tables ?? new Map(),
    });
    try {
      if (tables === undefined) pins?.removeLeaks();
      // Before they hold anything: from here on nobody else gets a descriptor of them.
      const ownMaps = mapIn("own_maps", new Map(), maps);
      forgetGoneMaps(ownMaps, native.mapExists);
      addOwnMaps(ownMaps, rooms.mapIds());
      const own = new Map(secretMapNames.map((name) => [name as string, rooms.map(name)]));
      const table = new SecretTable((name) => mapIn(name, own, maps));
      table.begin(() => randomBytes(16), this.#limits);
      this.#loaded = { rooms, maps: own, table };
      rooms.enter();
      if (pins?.standing) this.#options.onPinned();
      return this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      rooms.close();
      throw error;
    }
  }

  #map(name: string): BpfMap {
    return mapIn(name, this.#loaded?.maps ?? new Map(), this.#options.maps);
  }
}

/** Of the doors that stand. */
export function leaksBehind(
  standing: Standing,
  { native, objects }: { native: Native; objects: ObjectSource },
  onPinned: () => void,
): Leaks {
  const { form, maps, pins } = standing;
  const isLoaded = (door: DoorName): boolean => standing.isLoaded(door);
  return new Leaks({ native, objects, form, maps, pins, isLoaded, onPinned });
}

function mapIn(name: string, own: ReadonlyMap<string, BpfMap>, shared: ReadonlyMap<SharedMap, BpfMap>): BpfMap {
  const map = own.get(name) ?? shared.get(name as SharedMap);
  if (!map) throw new CloudtaserError("MAP_FAILED", { target: name, fields: { reason: "it is closed" } });
  return map;
}
