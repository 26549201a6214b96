// SPDX-License-Identifier: Apache-2.0
// What the canary has to be allowed by the kernel itself before a door is asked: without it that door stands, and cannot be
// tried.
import type { DoorName } from "./doors.js";

/** Bits of capability sets, by include/uapi/linux/capability.h. */
const bits = { SYS_MODULE: 16, SYS_RAWIO: 17 } as const;

export type NeededCapability = keyof typeof bits;

const needs: Readonly<Partial<Record<DoorName, NeededCapability>>> = {
  kernel_read_file: "SYS_MODULE",
  kernel_load_data: "SYS_MODULE",
  capable: "SYS_RAWIO",
};

/** @param effective the first 31 capabilities of who makes the attack, as capget(2) told itself; negative where it failed:
 *  then every door is tried */
export function lackedFor(door: DoorName, effective: number): NeededCapability | undefined {
  const needed = needs[door];
  if (needed === undefined || effective < 0) return undefined;
  return (effective >> bits[needed]) & 1 ? undefined : needed;
}
