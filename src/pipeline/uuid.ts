// SPDX-License-Identifier: Apache-2.0
// UUID version 7: sortable by time, unique without a coordinator.

import { randomFillSync } from "node:crypto";

const random = Buffer.alloc(8 * 128);
let used = random.length;

/** The 12 bits below the millisecond count the sequence, so that ids of one millisecond keep their order. */
export function uuidv7(unixMs: number, sequence: number): string {
  if (used >= random.length) {
    randomFillSync(random);
    used = 0;
  }
  const tail = random.readBigUInt64BE(used) & 0x3fffffffffffffffn;
  used += 8;
  const time = Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, "0").slice(-12);
  const middle = (0x7000 | (sequence & 0xfff)).toString(16);
  const end = (tail | 0x8000000000000000n).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${middle}-${end.slice(0, 4)}-${end.slice(4)}`;
}
