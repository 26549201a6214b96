// SPDX-License-Identifier: Apache-2.0
// A destination as an operator writes it: an address or a network, and a port if it is not any.

import { isIP, SocketAddress } from "node:net";

export interface Destination {
  /** A v4 address in the clothes of v6 is one of v4. */
  family: 4 | 6;
  /** 4 or 16 bytes, network order; those behind the network's bits are 0. */
  address: Uint8Array;
  /** Length of the network's part, in bits. */
  bits: number;
  /** 0: any. */
  port: number;
}

const forms = [
  /^\[(?<address>[0-9a-fA-F:.]+)(?:\/(?<bits>\d{1,3}))?\](?::(?<port>\d{1,5}|\*))?$/,
  /^(?<address>\d+\.\d+\.\d+\.\d+)(?:\/(?<bits>\d{1,2}))?(?::(?<port>\d{1,5}|\*))?$/,
  /^(?<address>[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?:\/(?<bits>\d{1,3}))?$/,
];

/** "10.0.0.0/8:5432", "192.0.2.7", "[2001:db8::/32]:443", "192.0.2.7:*" or "2001:db8::1"; undefined for anything else. */
export function parseDestination(text: string): Destination | undefined {
  const groups = forms.map((form) => form.exec(text)?.groups).find((found) => found !== undefined);
  const written = groups?.["address"] ?? "";
  const kind = isIP(written);
  if (kind !== 4 && kind !== 6) return undefined;
  const bits = Number(groups?.["bits"] ?? (kind === 4 ? 32 : 128));
  const anyPort = groups?.["port"] === undefined || groups["port"] === "*";
  const port = anyPort ? 0 : Number(groups["port"]);
  if (bits > (kind === 4 ? 32 : 128) || port > 65_535) return undefined;
  if (!anyPort && port === 0) return undefined;
  const bytes = bytesOf(written, kind);
  const mapped = kind === 6 && bits >= 96 && bytes.readBigUInt64BE(0) === 0n && bytes.readUInt32BE(8) === 0xffff;
  const address = mapped ? bytes.subarray(12) : bytes;
  const length = mapped ? bits - 96 : bits;
  return { family: mapped ? 4 : kind, address: cut(address, length), bits: length, port };
}

function bytesOf(address: string, kind: 4 | 6): Buffer {
  if (kind === 4) return Buffer.from(address.split(".").map(Number));
  // The shortest form, of which the dotted end is the only other one.
  const short = new SocketAddress({ address, family: "ipv6" }).address;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(short);
  const word = (high = "0", low = "0"): string => (Number(high) * 256 + Number(low)).toString(16);
  const plain = dotted ? `${dotted[1]}${word(dotted[2], dotted[3])}:${word(dotted[4], dotted[5])}` : short;
  const [left = "", right] = plain.split("::");
  const wordsOf = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((one) => Number.parseInt(one, 16));
  const [head, tail] = [wordsOf(left), wordsOf(right ?? "")];
  const words = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  const bytes = Buffer.alloc(16);
  for (const [i, value] of words.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}

function cut(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff);
}
