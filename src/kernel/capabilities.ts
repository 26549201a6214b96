// SPDX-License-Identifier: Apache-2.0
// What the canary has to be allowed by the kernel itself before a door is asked: without it that door stands, and cannot be
// tried.
import { readFileSync } from "node:fs";
import type { DoorName } from "./doors.js";

/** Bits of capability sets, by include/uapi/linux/capability.h. */
const bits = { SYS_MODULE: 16n, SYS_RAWIO: 17n } as const;

export type NeededCapability = keyof typeof bits;

const needs: Readonly<Partial<Record<DoorName, NeededCapability>>> = {
  kernel_read_file: "SYS_MODULE",
  kernel_load_data: "SYS_MODULE",
  capable: "SYS_RAWIO",
};

/** @param status text of /proc/PID/status of who makes the attack */
export function lackedFor(door: DoorName, status: string): NeededCapability | undefined {
  const needed = needs[door];
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (needed === undefined || effective === undefined) return undefined;
  return (BigInt(`0x${effective}`) >> bits[needed]) & 1n ? undefined : needed;
}

export const statusOf = (pid: number): string => readFileSync(`/proc/${pid}/status`, "utf8");
