// SPDX-License-Identifier: Apache-2.0
// The matcher again, slow and in big integers, from the description in bpf/leak_hash.h and not from its code.
import type { Fingerprint } from "../../src/kernel/native.js";

const mask = (1n << 64n) - 1n;
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & mask;

export interface Key {
  k0: bigint;
  k1: bigint;
}

export const keyOf = (bytes: Buffer): Key => ({ k0: bytes.readBigUInt64LE(0), k1: bytes.readBigUInt64LE(8) });

/** SipHash-2-4 over whole words, with the length given. */
export function sip(words: readonly bigint[], length: number, { k0, k1 }: Key): bigint {
  let [v0, v1, v2, v3] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & mask;
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & mask;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & mask;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & mask;
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  for (const word of [...words, ((BigInt(length) << 56n) & mask) | BigInt(length)]) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

export const wordAt = (text: Buffer, offset: number): bigint => text.readBigUInt64LE(offset);

export const mix = (window: bigint, { k0, k1 }: Key): bigint => ((window ^ k0) * (k1 | 1n)) & mask;
export const windowBit = (window: bigint, key: Key): number => Number(mix(window, key) >> 40n);
export const anchorBit = (window: bigint, key: Key): number => Number(mix(window, key) >> 44n);
export const anchorHash = (window: bigint, key: Key): bigint => sip([window], 0, key);

export function fingerprintOf(form: Buffer, key: Key): bigint {
  const words: bigint[] = [];
  let at = 0;
  for (; at + 8 <= form.length; at += 8) words.push(wordAt(form, at));
  if (at < form.length) words.push(wordAt(form, form.length - 8));
  return sip(words, form.length, key);
}

/** The form that lies in the text at an offset that its best candidate gives; undefined if none does. */
export function find(text: Buffer, forms: readonly Fingerprint[], key: Key): Fingerprint | undefined {
  const anchors = new Map<bigint, { form: Fingerprint; offset: number }[]>();
  for (const form of forms) {
    const hash = form.candidates.readBigUInt64LE(0);
    const chain = anchors.get(hash) ?? [];
    anchors.set(hash, [...chain, { form, offset: form.candidates.readUInt32LE(12) }]);
  }
  const bits = new Set(forms.map((form) => form.candidates.readUInt32LE(8)));
  for (let at = 0; at + 8 <= text.length; at++) {
    const window = wordAt(text, at);
    if (!bits.has(anchorBit(window, key))) continue;
    for (const { form, offset } of anchors.get(anchorHash(window, key)) ?? []) {
      const from = at - offset;
      if (from < 0 || from + form.length > text.length) continue;
      if (fingerprintOf(text.subarray(from, from + form.length), key) === form.fingerprint) return form;
    }
  }
  return undefined;
}
