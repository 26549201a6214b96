// SPDX-License-Identifier: Apache-2.0
// What user space tells the doors beside the policy: node-wide settings and device numbers.
import { encodeDeviceKey, encodeSettings } from "./abi.gen.js";
import type { BpfMap } from "./native.js";

function key32(index: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(index);
  return key;
}

export function writeSettings(map: BpfMap, settings: { nodeGuardsAlways: boolean; reportAllowed: boolean }): void {
  map.update(
    key32(0),
    encodeSettings({
      nodeGuardsAlways: settings.nodeGuardsAlways ? 1 : 0,
      reportAllowed: settings.reportAllowed ? 1 : 0,
    }),
  );
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
