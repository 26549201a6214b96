// SPDX-License-Identifier: Apache-2.0
// What user space tells the doors beside the policy: device numbers, its own pins and links.
import { encodeDeviceKey, encodePinnedKey, Pinned } from "./abi.gen.js";
import type { BpfMap } from "./native.js";

function key32(index: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(index);
  return key;
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

/** A directory of pins: whose entries are ours, or above such a one. */
export interface PinnedEntry {
  dev: number;
  ino: bigint;
  how: keyof typeof Pinned;
}

/** Makes the map hold exactly these directories: adds first, then removes what is no longer wanted. */
export function writePinned(map: BpfMap, entries: readonly PinnedEntry[]): void {
  const wanted = entries.map(({ dev, ino, how }) => ({
    key: encodePinnedKey({ dev, ino }),
    value: key32(Pinned[how]),
  }));
  writeWhole(map, wanted);
}

/** Makes the map hold exactly these ids of links. */
export function writeOwnLinks(map: BpfMap, ids: readonly number[]): void {
  writeWhole(
    map,
    ids.map((id) => ({ key: key32(id), value: key32(1) })),
  );
}

/** Maps of ours that the doors do not use themselves. */
export function addOwnMaps(map: BpfMap, ids: readonly number[]): void {
  for (const id of ids) map.update(key32(id), key32(1));
}

/** Takes out those that are no more: of earlier agents, and of secrets that were all taken away. An id comes once. */
export function forgetGoneMaps(map: BpfMap, exists: (id: number) => boolean): void {
  for (const key of map.keys()) if (!exists(key.readUInt32LE())) map.delete(key);
}

function writeWhole(map: BpfMap, wanted: readonly { key: Buffer; value: Buffer }[]): void {
  for (const { key, value } of wanted) map.update(key, value);
  const keep = new Set(wanted.map(({ key }) => key.toString("hex")));
  for (const key of map.keys()) if (!keep.has(key.toString("hex"))) map.delete(key);
}
