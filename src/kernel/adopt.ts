// SPDX-License-Identifier: Apache-2.0
// Doors of an earlier agent that are the very ones this agent would load: they are kept as they stand. Loading takes most of
// a start, and is for doors that are other ones, or not whole. Whether they act is shown by the proof, as of any others.
import { existsSync } from "node:fs";
import { type DoorName, doorNames, functionOf, mayBeAbsent, programOf } from "./doors.js";
import { type LoadOptions, mapsOf, type SharedMap } from "./load.js";
import type { BpfIterator, BpfLink, BpfMap, Native } from "./native.js";
import { packageVersion } from "./paths.js";
import type { Pins } from "./pins.js";

export interface Adopted {
  links: Map<DoorName, BpfLink>;
  census: BpfIterator;
  maps: Map<SharedMap, BpfMap>;
  /** Doors that this kernel lacks and does not need. */
  absent: Set<DoorName>;
}

/** What a kernel keeps of a program's name. */
const keptOfName = 15;

/** Doors with the same word are the same: the object, how it is shaped, and the version that shapes it. */
export const buildOf = ({ object, form }: LoadOptions): string => `${packageVersion()}:${form}:${object.digest}`;

/** The newest generation, or undefined where it is another build or anything of it is missing: then a load replaces it. */
export function adopt(native: Native, options: LoadOptions, pins: Pins): Adopted | undefined {
  const generation = pins.generations().at(-1);
  if (generation === undefined || pins.buildOf(generation) !== buildOf(options)) return undefined;
  const opened: { close(): void }[] = [];
  const keep = <T extends { close(): void }>(one: T): T => {
    opened.push(one);
    return one;
  };
  try {
    const absent = absentDoors(native, pins, generation);
    const maps = new Map(mapsOf(options.form).map((name) => [name, keep(native.openMap(pins.map(name)))]));
    const census = keep(native.openIterator(pins.census(generation)));
    const links = new Map<DoorName, BpfLink>();
    for (const door of doorNames) {
      if (absent.has(door)) continue;
      const link = keep(native.openLink(pins.door(generation, door)));
      if (!leadsTo(native, link, programOf(door))) throw new Error(`another program stands at ${door}`);
      links.set(door, link);
    }
    return { links, census, maps, absent };
  } catch {
    for (const one of opened) one.close();
    return undefined;
  }
}

/** Throws for a door that is not pinned though this kernel has it, or needs it. */
function absentDoors(native: Native, pins: Pins, generation: string): Set<DoorName> {
  const missing = doorNames.filter((door) => !existsSync(pins.door(generation, door)));
  for (const door of missing) {
    if (!mayBeAbsent(door) || native.kernelHasFunction(functionOf(door))) throw new Error(`${door} does not stand`);
  }
  return new Set(missing);
}

function leadsTo(native: Native, link: BpfLink, program: string): boolean {
  const id = link.info()?.programId;
  return id !== undefined && native.loadedProgram(id).name === program.slice(0, keptOfName);
}
