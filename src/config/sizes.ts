// SPDX-License-Identifier: Apache-2.0
// Sizes in bytes, as a number or with a unit.

const units: Readonly<Record<string, number>> = { "": 1, KiB: 1024, MiB: 1024 * 1024 };

/** Bytes; undefined if that is no size. */
export function parseSize(size: string | number): number | undefined {
  if (typeof size === "number") return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
  const match = /^(\d{1,9})\s?(KiB|MiB|)$/.exec(size);
  return match === null ? undefined : Number(match[1]) * (units[match[2] ?? ""] ?? 1);
}
