// SPDX-License-Identifier: Apache-2.0
// Which values may be registered. One that stands in ordinary data would have ordinary operations refused. Reasons say
// what is wrong, never what was found.
import { CloudtaserError } from "../errors/index.js";

/** Bytes. Below, a form could not be told from other text (CT_LEAK_FORM_MIN in bpf/abi_leak.h). */
export const minLength = 12;
export const maxLength = 64 * 1024;

/** Below this, each operation is looked at in smaller steps. */
const comfortableLength = 16;

/** Bits that a value must have if each of its bytes is drawn as often as it stands in it. A random password of 12 letters has 40. */
const minBits = 32;

/** Bytes after which the value repeats itself, to its end; its length if it does not. */
function periodOf(value: Uint8Array): number {
  // borders[i]: longest start of value[0..i] that is its end, too (Knuth, Morris, Pratt).
  const borders = new Uint32Array(value.length);
  for (let i = 1; i < value.length; i++) {
    let border = borders[i - 1] ?? 0;
    while (border > 0 && value[i] !== value[border]) border = borders[border - 1] ?? 0;
    borders[i] = value[i] === value[border] ? border + 1 : 0;
  }
  return value.length - (borders.at(-1) ?? 0);
}

function bitsOf(value: Uint8Array, length: number): number {
  const counts = new Uint32Array(256);
  for (const byte of value) counts[byte] = (counts[byte] ?? 0) + 1;
  let perByte = 0;
  for (const count of counts) if (count > 0) perByte -= (count / value.length) * Math.log2(count / value.length);
  return perByte * length;
}

/** Why the value may not be registered; undefined if it may. */
export function unfitReason(value: Uint8Array): string | undefined {
  if (value.length === 0) return "it is empty";
  if (value.length < minLength) return `it is ${value.length} bytes long, and ${minLength} are the least`;
  if (value.length > maxLength) return `it is ${value.length} bytes long, and ${maxLength} are the most`;
  const period = periodOf(value);
  if (period === 1) return "it is one byte over and over";
  if (bitsOf(value, period) >= minBits) return undefined;
  return period <= value.length / 2 ? "it repeats itself" : "it has too few different bytes";
}

/** Throws SECRET_UNFIT. */
export function checkValue(name: string, value: Uint8Array): void {
  const reason = unfitReason(value);
  if (reason !== undefined) throw new CloudtaserError("SECRET_UNFIT", { target: name, fields: { reason } });
}

/** What the one who registers it should know. */
export function warningsOf(value: Uint8Array): string[] {
  if (value.length >= comfortableLength) return [];
  return [`it is shorter than ${comfortableLength} bytes, which makes each look at what the workload writes costlier`];
}
