// SPDX-License-Identifier: Apache-2.0
// What each workload takes of the table of protected processes, and what it was refused: counted by the kernel, by slot.
import { decodeShare } from "./abi.gen.js";
import type { BpfMap } from "./native.js";

/** CT_SHARES in bpf/maps.h; test/contract holds the two together. */
export const shareSlots = 16_384;

/** Of the workload with that number, since the map was made. */
export function readRefusedForks(map: BpfMap, group: number): number {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(group % shareSlots);
  const value = map.lookup(key);
  return value === undefined ? 0 : Number(decodeShare(value).refused);
}
