// SPDX-License-Identifier: Apache-2.0
// Pinned maps that were put there under a name of the agent's, by somebody who may hold a descriptor or a mapping of them.

import type { DoorName } from "./doors.js";
import { mapsOf, mayBeginEmpty } from "./load.js";
import type { BpfLink, BpfMap, Native } from "./native.js";
import { isThere } from "./pin-tree.js";
import type { Pins } from "./pins.js";

/**
 * Paths of maps that an earlier version need not have left, and that no program at a standing door uses. Only programs that
 * use the pinned `scope` count: of that map nobody else gets a descriptor. None where no program can be looked at.
 */
export function foreignMaps(native: Native, pins: Pins): string[] {
  const suspects = mapsOf("lsm").filter((name) => mayBeginEmpty(name) && isThere(pins.map(name)));
  const scope = mapId(native, pins.map("scope"));
  if (suspects.length === 0 || scope === undefined) return [];
  const used = new Set<number>();
  for (const path of pins.links()) {
    const ids = mapsBehind(native, path);
    if (ids.includes(scope)) for (const id of ids) used.add(id);
  }
  if (used.size === 0) return [];
  return suspects.map((name) => pins.map(name)).filter((path) => !used.has(mapId(native, path) ?? 0));
}

/** The link that an earlier agent has pinned at a door; undefined: none. What uses another `scope` is not one. */
export function linkThatStands(native: Native, pins: Pins, door: DoorName): BpfLink | undefined {
  const scope = mapId(native, pins.map("scope"));
  const path = pins.doorsThatStand(door).find((one) => scope !== undefined && mapsBehind(native, one).includes(scope));
  return path === undefined ? undefined : native.openLink(path);
}

/** undefined: no map, or none that can be had. */
function mapId(native: Native, path: string): number | undefined {
  let map: BpfMap;
  try {
    map = native.openMap(path);
  } catch {
    return undefined;
  }
  try {
    return map.info().id;
  } finally {
    map.close();
  }
}

function mapsBehind(native: Native, path: string): readonly number[] {
  try {
    const link = native.openLink(path);
    try {
      const id = link.info()?.programId;
      return id === undefined ? [] : native.loadedProgram(id).mapIds;
    } finally {
      link.close();
    }
  } catch {
    return []; // no link, which a door of ours would be
  }
}

/**
 * Of tables of secrets that are pinned, those that an earlier agent wrote down as its own; undefined if another is there.
 * Throws if it cannot be told.
 */
export function ownTables(
  native: Native,
  pins: Pins,
  names: readonly string[],
  ownMaps: BpfMap,
): Map<string, BpfMap> | undefined {
  const tables = new Map<string, BpfMap>();
  try {
    for (const name of names) {
      const path = pins.leak(name);
      if (path === undefined) continue;
      const table = native.openMap(path);
      tables.set(name, table);
      const key = Buffer.alloc(4);
      key.writeUInt32LE(table.info().id);
      if (ownMaps.lookup(key) !== undefined) continue;
      for (const one of tables.values()) one.close();
      return undefined;
    }
    return tables;
  } catch (error) {
    for (const table of tables.values()) table.close();
    throw error;
  }
}
