// SPDX-License-Identifier: Apache-2.0
// UUID version 7: sortable by time, unique without a coordinator.

import { randomFillSync } from "node:crypto";

const bytes = Buffer.alloc(8 * 1024);
/** Of one id. */
const digits = 16;
let random = "";
let used = 0;

const variants = "89ab";

/** Many of a millisecond come together. */
let shown = { ms: Number.NaN, text: "" };

function timeText(unixMs: number): string {
  const time = Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, "0").slice(-12);
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** The 12 bits below the millisecond count the sequence, so that ids of one millisecond keep their order. */
export function uuidv7(unixMs: number, sequence: number): string {
  if (used >= random.length) {
    random = randomFillSync(bytes).toString("hex");
    used = 0;
  }
  if (unixMs !== shown.ms) shown = { ms: unixMs, text: timeText(unixMs) };
  const from = used;
  used += digits;
  const middle = (0x7000 | (sequence & 0xfff)).toString(16);
  // Two bits of a digit.
  const variant = variants.charAt(random.charCodeAt(from) & 3);
  return `${shown.text}-${middle}-${variant}${random.slice(from + 1, from + 4)}-${random.slice(from + 4, from + digits)}`;
}
