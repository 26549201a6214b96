// SPDX-License-Identifier: Apache-2.0
// Doors of an earlier agent that are the very ones this agent would load are kept as they stand: most of a load is the
// kernel's look at each program, which it has had. That they are the same is not believed of a name or a note, which anybody
// can leave who was root before: each program's tag must be the digest of what this agent would hand over, and its maps those
// that are pinned. Whether they are called is shown by the proof, as of any others.
import { createHash } from "node:crypto";
import { type DoorName, doorNames, type Form, functionOf, isTracepoint, mayBeAbsent, programOf } from "./doors.js";
import { blueprintsOf, censusProgram, type LoadOptions, mapsOf, type SharedMap } from "./load.js";
import type { Blueprint, BpfIterator, BpfLink, BpfMap, LoadedProgramInfo, Native } from "./native.js";
import { isPin } from "./pin-tree.js";
import type { Pins } from "./pins.js";

export interface Adopted {
  /** Where they are pinned. */
  generation: string;
  links: Map<DoorName, BpfLink>;
  census: BpfIterator;
  maps: Map<SharedMap, BpfMap>;
  /** Doors that this kernel lacks and does not need. */
  absent: Set<DoorName>;
}

/** enum bpf_prog_type */
const tracing = 26;
const lsm = 29;

/** The newest generation; undefined where anything of it is missing or another: then a load replaces it. */
export function adopt(native: Native, options: LoadOptions, pins: Pins): Adopted | undefined {
  const generation = pins.generations().at(-1);
  if (generation === undefined) return undefined;
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
      if (!absent.has(door)) links.set(door, keep(native.openLink(pins.door(generation, door))));
    }
    compare(native, options, links, census);
    return { generation, links, census, maps, absent };
  } catch {
    // Whatever it is: a load that fails of it too says so.
    for (const one of opened) one.close();
    return undefined;
  }
}

/** Throws for a door that is not pinned though this kernel has it, or needs it. */
function absentDoors(native: Native, pins: Pins, generation: string): Set<DoorName> {
  const missing = doorNames.filter((door) => !isPin(pins.door(generation, door)));
  for (const door of missing) {
    if (!mayBeAbsent(door) || native.kernelHasFunction(functionOf(door))) throw new Error(`${door} does not stand`);
  }
  return new Set(missing);
}

/** Throws for a program that is not what would be loaded. */
function compare(
  native: Native,
  options: LoadOptions,
  links: ReadonlyMap<DoorName, BpfLink>,
  census: BpfIterator,
): void {
  const blueprints = blueprintsOf(native, options, new Set(links.keys()));
  const local = new Map<string, number>();
  const check = (name: string, standing: LoadedProgramInfo, type: number): void => {
    const wanted = blueprints.get(name);
    if (wanted === undefined || standing.type !== type || !isSame(standing, wanted, local)) {
      throw new Error(`${name} is another program`);
    }
  };
  for (const [door, link] of links) {
    const id = link.info()?.programId;
    if (id === undefined) throw new Error(`${door} is no link to a program`);
    check(programOf(door), native.loadedProgram(id), typeOf(door, options.form));
  }
  check(censusProgram, census.info(), tracing);
}

const typeOf = (door: DoorName, form: Form): number => (form === "lsm" && !isTracepoint(door) ? lsm : tracing);

const pinned: ReadonlySet<string> = new Set(mapsOf("lsm"));

/** @param local ids of maps that are not pinned, which all programs must have in common: filled on the way */
function isSame(standing: LoadedProgramInfo, wanted: Blueprint, local: Map<string, number>): boolean {
  const hasTag = (algorithm: string): boolean =>
    createHash(algorithm).update(wanted.instructions).digest().subarray(0, standing.tag.length).equals(standing.tag);
  // SHA-256 since 6.18.
  if (!hasTag("sha1") && !hasTag("sha256")) return false;
  // What follows is bound to the program and named by no instruction of it, as libbpf does with constants.
  return wanted.maps.every(({ name, id }, index) => {
    const found = standing.mapIds[index] ?? 0;
    if (pinned.has(name)) return found === id;
    const known = local.get(name);
    local.set(name, found);
    return known === undefined || known === found;
  });
}
