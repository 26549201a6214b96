// SPDX-License-Identifier: Apache-2.0
// Opens and loads the doors; attaching them is standing.ts. A door that the kernel lacks or refuses fails alone, with its
// reason; the others stand. Where a load of all fails, each door is tried by itself to find the culprit.
import { CloudtaserError, reasonOf } from "../errors/index.js";
import {
  attachFormOf,
  type DoorName,
  doorNames,
  doors,
  type Form,
  functionOf,
  isTracepoint,
  mayBeAbsent,
  programOf,
} from "./doors.js";
import type { Blueprint, BpfMap, BpfObject, Native, NativeError } from "./native.js";
import { type ObjectFile, openObject, readObject } from "./objects.js";
import { isPin } from "./pin-tree.js";
import { notOurs } from "./pins.js";

export const censusProgram = "ct_census";

/** Why a door is not loaded or not attached. */
export interface DoorFailure {
  reason: string;
  /** Verifier's or libbpf's words; "" if none. */
  log: string;
}

export interface LoadedDoors {
  object: BpfObject;
  /** Doors that are not in the kernel; all others may be attached. */
  failed: ReadonlyMap<DoorName, DoorFailure>;
  /** Doors that this kernel lacks and does not need. */
  absent: ReadonlySet<DoorName>;
}

export interface LoadOptions {
  object: ObjectFile;
  form: Form;
  /** Maps to share: a directory of pinned ones, or those of an earlier load; undefined for fresh maps. */
  reuse: string | ReadonlyMap<SharedMap, BpfMap> | undefined;
}

/** The object's contents with it: read once, however often they are loaded. */
type CheckedOptions = LoadOptions & { bytes: Uint8Array };

/** Maps that outlive one generation of doors, in the object's words. */
export const sharedMaps = [
  "scope",
  "scope_filter",
  "scope_count",
  "shares",
  "policy_head",
  "policy",
  "group_policy",
  "settings",
  "authority",
  "allowed",
  "devices",
  "events",
  "repeats",
  "outcomes",
  "losses",
  "proofs",
  "namespaces",
  "census_request",
  "agent",
  "pinned",
  "own_links",
  "opened",
  "leak_sinks",
  "own_maps",
  "cgroups",
  "cgroups_any",
  "released",
  "readers",
] as const;

/** Doors with a room behind them, in which content is looked at: a map of one program each, room_<door>. */
export const roomDoors = [
  "file_permission",
  "socket_sendmsg",
  "bprm_check_security",
  "file_ioctl",
  "inode_create",
  "inode_mkdir",
  "inode_mknod",
  "inode_symlink",
  "inode_link",
  "inode_rename",
  "inode_setxattr",
  "task_prctl",
  "msg_msg_alloc_security",
  "key_permission",
] as const satisfies DoorName[];

export type RoomMap = `room_${(typeof roomDoors)[number]}`;

export const roomMaps = roomDoors.map((door): RoomMap => `room_${door}`);

export type SharedMap = (typeof sharedMaps)[number] | RoomMap;

/** In the signal form there are no rooms. */
export const mapsOf = (form: Form): readonly SharedMap[] =>
  form === "signal" ? sharedMaps : [...sharedMaps, ...roomMaps];

export const isNativeError = (error: unknown): error is NativeError => error instanceof Error && "errno" in error;

export const logOf = (error: unknown): string => (isNativeError(error) ? error.log : "");

function hasFunction(native: Native, door: DoorName): boolean {
  return native.kernelHasFunction(functionOf(door));
}

/** The function at whose start a door of the signal form runs; a tracepoint is one in every form. */
export const kprobeOf = (door: DoorName, form: Form): string | undefined =>
  form === "signal" && !isTracepoint(door) ? functionOf(door) : undefined;

/** Opens the object with only the given doors switched on; nothing is in the kernel yet. */
function prepare(
  native: Native,
  options: CheckedOptions,
  wanted: ReadonlySet<DoorName>,
  to: "load" | "draw",
): BpfObject {
  const object = openObject(native, options.object.path, options.bytes, to === "draw");
  try {
    const present = new Set(object.programs().map((program) => program.name));
    for (const door of doorNames) {
      const program = programOf(door);
      if (!present.has(program)) {
        throw new CloudtaserError("OBJECT_MISMATCH", {
          target: options.object.path,
          fields: { reason: `it has no program ${program}` },
        });
      }
      if (!wanted.has(door)) object.setAutoload(program, false);
      else if (to === "load" && options.form === "fmod_ret" && !isTracepoint(door))
        object.setForm(program, attachFormOf(door, options.form), doors[door].hook);
    }
    if (options.reuse !== undefined) reuseMaps(object, options.form, options.reuse);
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}

/** An agent from before these maps left no pin of them. */
export const mayBeginEmpty = (map: SharedMap): boolean =>
  map === "opened" ||
  map === "leak_sinks" ||
  map === "own_maps" ||
  map === "cgroups" ||
  map === "cgroups_any" ||
  map === "released" ||
  map === "readers" ||
  map === "shares" ||
  map.startsWith("room_");

function reuseMaps(object: BpfObject, form: Form, from: string | ReadonlyMap<SharedMap, BpfMap>): void {
  for (const map of mapsOf(form)) {
    const source = typeof from === "string" ? `${from}/${map}` : from.get(map)?.fd;
    if (source === undefined || (mayBeginEmpty(map) && typeof source === "string" && !isPin(source))) continue;
    try {
      object.reuseMap(map, source);
    } catch (error) {
      throw notOurs(String(source), error);
    }
  }
}

function tryLoad(native: Native, options: CheckedOptions, wanted: ReadonlySet<DoorName>): BpfObject {
  const object = prepare(native, options, wanted, "load");
  try {
    object.load();
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}

/** What a load of those doors, and of the census, would hand to the kernel, by name of the program. Nothing of it is. */
export function blueprintsOf(
  native: Native,
  options: LoadOptions,
  wanted: ReadonlySet<DoorName>,
): ReadonlyMap<string, Blueprint> {
  const object = prepare(native, { ...options, bytes: readObject(options.object) }, wanted, "draw");
  try {
    return new Map(object.blueprints().map((blueprint) => [blueprint.name, blueprint]));
  } finally {
    object.close();
  }
}

/** Throws only when nothing at all can be loaded. */
export function loadDoors(native: Native, options: LoadOptions): LoadedDoors {
  const failed = new Map<DoorName, DoorFailure>();
  const wanted = new Set<DoorName>();
  const absent = new Set<DoorName>();
  for (const door of doorNames) {
    if (hasFunction(native, door)) wanted.add(door);
    else if (mayBeAbsent(door)) absent.add(door);
    else failed.set(door, { reason: `this kernel has no ${functionOf(door)}`, log: "" });
  }
  const checked = { ...options, bytes: readObject(options.object) };
  return { object: loadWhatWorks(native, checked, wanted, failed), failed, absent };
}

function loadWhatWorks(
  native: Native,
  options: CheckedOptions,
  wanted: Set<DoorName>,
  failed: Map<DoorName, DoorFailure>,
): BpfObject {
  try {
    return tryLoad(native, options, wanted);
  } catch (error) {
    if (error instanceof CloudtaserError) throw error;
    for (const door of [...wanted]) {
      try {
        tryLoad(native, options, new Set([door])).close();
      } catch (alone) {
        wanted.delete(door);
        failed.set(door, { reason: `the kernel refused it: ${reasonOf(alone)}`, log: logOf(alone) });
      }
    }
    if (wanted.size === 0) {
      throw new CloudtaserError("NO_DOORS", { target: `this kernel in the ${options.form} form`, cause: error });
    }
    try {
      return tryLoad(native, options, wanted);
    } catch (again) {
      throw new CloudtaserError("LOAD_REFUSED", {
        target: options.object.path,
        fields: { reason: reasonOf(again) },
        cause: again,
      });
    }
  }
}
