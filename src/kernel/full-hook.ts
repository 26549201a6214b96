// SPDX-License-Identifier: Apache-2.0
// A hook that others have filled: the kernel calls so many programs at one function and no more, and whoever is root before
// the agent may take all of these places.
import { type DoorName, doors, type Form, functionOf } from "./doors.js";
import type { Native } from "./native.js";

/** What the kernel says to one program more than its BPF_MAX_TRAMP_LINKS. */
export const isFull = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "E2BIG";

/** The function at which programs of a form meet, each of which counts. */
const placeOf = (door: DoorName, form: Form): string =>
  form === "lsm" ? `bpf_lsm_${doors[door].hook}` : functionOf(door);

/**
 * A sentence for the operator: where it is, how many are there, what to do.
 * @param own id of a link of ours that stands there
 */
export function fullHook(
  native: Pick<Native, "linksAt" | "releaseBtf">,
  { door, form, own }: { door: DoorName; form: Form; own: number | undefined },
): string {
  const place = placeOf(door, form);
  const count = othersAt(native, place, own);
  const many = count === 0 ? "as many programs of others as the kernel takes" : `${count} programs of others`;
  return `the hook is full: ${many} are attached to ${place}. See whose they are (bpftool link show, bpftool prog show) and end what holds them, or boot anew; the door is attached at the next check then`;
}

/** 0: this kernel does not say where a link leads, as before 5.13. */
function othersAt(native: Pick<Native, "linksAt" | "releaseBtf">, place: string, own: number | undefined): number {
  try {
    return native.linksAt(place).filter((id) => id !== own).length;
  } catch {
    return 0;
  } finally {
    native.releaseBtf();
  }
}
