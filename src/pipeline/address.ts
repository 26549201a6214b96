// SPDX-License-Identifier: Apache-2.0
// Internet addresses as the kernel side hands them over.

/** Two words as they lie in memory; a v4 address stands as ::ffff:a.b.c.d. */
export function addressText(low: bigint, high: bigint): string {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(low, 0);
  bytes.writeBigUInt64LE(high, 8);
  if (low === 0n && bytes.readUInt32BE(8) === 0xffff) return [...bytes.subarray(12)].join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(":");
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}
