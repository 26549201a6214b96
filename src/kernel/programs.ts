// SPDX-License-Identifier: Apache-2.0
// One copy of the doors' programs in the kernel, attached or not, with the program of the census.
import type { DoorName } from "./doors.js";
import { censusProgram, type DoorFailure, type LoadOptions, loadDoors } from "./load.js";
import type { BpfIterator, BpfObject, Native } from "./native.js";

/** What of the doors is in the kernel. */
export interface Programs {
  /** undefined: an earlier agent has loaded them, and only their links are known. */
  object: BpfObject | undefined;
  census: BpfIterator;
  failed: ReadonlyMap<DoorName, DoorFailure>;
  absent: ReadonlySet<DoorName>;
}

export function loadPrograms(native: Native, options: LoadOptions): Programs & { object: BpfObject } {
  const loaded = loadDoors(native, options);
  try {
    return { ...loaded, census: loaded.object.iterator(censusProgram) };
  } catch (error) {
    loaded.object.close();
    throw error;
  }
}
