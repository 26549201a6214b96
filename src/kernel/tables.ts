// SPDX-License-Identifier: Apache-2.0
// What user space tells the doors: policy per vector, the allow list, node-wide settings. Every change is entry by
// entry and new before old, so there is no moment without a policy.
import {
  type AllowKey,
  encodeAllowKey,
  encodeDeviceKey,
  encodePolicy,
  encodeSettings,
  Mode,
  Vector,
} from "./abi.gen.js";
import type { BpfMap } from "./native.js";

export interface VectorRule {
  vector: string;
  mode: keyof typeof Mode;
  kill: boolean;
}

const numberOf = (vector: string): number => {
  const number = (Vector as Record<string, number>)[vector];
  if (number === undefined) throw new Error(`no vector ${vector} in bpf/abi.h`);
  return number;
};

function key32(index: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(index);
  return key;
}

export function writePolicy(map: BpfMap, rules: readonly VectorRule[]): void {
  for (const { vector, mode, kill } of rules) {
    map.update(key32(numberOf(vector)), encodePolicy({ mode: Mode[mode], kill: kill ? 1 : 0 }));
  }
}

/** @param uprobeFlag TRACE_EVENT_FL_UPROBE of this kernel, 0 if it is not known */
export function writeSettings(
  map: BpfMap,
  settings: { nodeGuardsAlways: boolean; reportAllowed: boolean; uprobeFlag: number },
): void {
  map.update(
    key32(0),
    encodeSettings({
      nodeGuardsAlways: settings.nodeGuardsAlways ? 1 : 0,
      reportAllowed: settings.reportAllowed ? 1 : 0,
      uprobeFlag: settings.uprobeFlag,
    }),
  );
}

export interface AllowEntry {
  vector: string;
  exeDev: number;
  exeIno: bigint;
  /** Its direct children too. */
  children?: boolean;
}

/** A device number that the kernel gave out at run time, and what it means to the doors. */
export interface DeviceEntry {
  block: boolean;
  /** Kernel-internal dev_t; of character devices with every bit of the minor set. */
  dev: number;
  /** MachineRoad for character devices; 1 for block devices that hold swap. */
  meaning: number;
}

/** Makes the map hold exactly these devices: adds first, then removes what is no longer wanted. */
export function writeDevices(map: BpfMap, entries: readonly DeviceEntry[]): void {
  const wanted = new Set<string>();
  for (const { block, dev, meaning } of entries) {
    const key = encodeDeviceKey({ block: block ? 1 : 0, dev });
    wanted.add(key.toString("hex"));
    map.update(key, key32(meaning));
  }
  for (const key of map.keys()) if (!wanted.has(key.toString("hex"))) map.delete(key);
}

/** Makes the map hold exactly these entries: adds first, then removes what is no longer wanted. */
export function writeAllowed(map: BpfMap, entries: readonly AllowEntry[]): void {
  const wanted = new Map<string, { key: Buffer; value: Buffer }>();
  for (const { vector, exeDev, exeIno, children } of entries) {
    const key = encodeAllowKey({ vector: numberOf(vector), exeDev, exeIno } satisfies AllowKey);
    wanted.set(key.toString("hex"), { key, value: key32(children ? 3 : 1) });
  }
  for (const { key, value } of wanted.values()) map.update(key, value);
  for (const key of map.keys()) if (!wanted.has(key.toString("hex"))) map.delete(key);
}
