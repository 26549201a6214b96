// SPDX-License-Identifier: Apache-2.0
// A hook that others have filled: the kernel calls so many programs at one function and no more, and whoever is root before
// the agent may take all of these places.
import { reasonOf } from "../errors/index.js";
import { type DoorName, doors, type Form, functionOf } from "./doors.js";
import { type DoorFailure, logOf } from "./load.js";
import type { Native } from "./native.js";

/** What the kernel says to one program more than its BPF_MAX_TRAMP_LINKS. */
export const isFull = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "E2BIG";

/** The function at which programs of a form meet, each of which counts. */
const placeOf = (door: DoorName, form: Form): string =>
  form === "lsm" ? `bpf_lsm_${doors[door].hook}` : functionOf(door);

/**
 * Why a door could not be attached.
 * @param place.own id of a link of ours that stands there
 */
export function whyUnattached(
  native: Pick<Native, "linksAt">,
  error: unknown,
  place: { door: DoorName; form: Form; own: number | undefined },
): DoorFailure {
  const why = isFull(error) ? fullHook(native, place) : reasonOf(error);
  const stays = place.own === undefined ? "" : "; the program of the agent before stands there still";
  return { reason: `cannot attach: ${why}${stays}`, log: logOf(error) };
}

/**
 * A sentence for the operator: where it is, how many are there, what to do.
 * The kernel's types are read for it: native.releaseBtf() lets them go.
 * @param own id of a link of ours that stands there
 */
function fullHook(
  native: Pick<Native, "linksAt">,
  { door, form, own }: { door: DoorName; form: Form; own: number | undefined },
): string {
  const place = placeOf(door, form);
  const count = othersAt(native, place, own);
  const many = count === 0 ? "as many programs of others as the kernel takes" : `${count} programs of others`;
  return `the hook is full: ${many} are attached to ${place}. See whose they are (bpftool link show, bpftool prog show) and end what holds them, or boot anew; the door is attached at the next check then`;
}

/** 0: this kernel does not say where a link leads, as before 5.13. */
function othersAt(native: Pick<Native, "linksAt">, place: string, own: number | undefined): number {
  try {
    return native.linksAt(place).filter((id) => id !== own).length;
  } catch {
    return 0;
  }
}
