// SPDX-License-Identifier: Apache-2.0
// What an event of a leak says: which secret, in which encoding, where in the operation and where to. The kernel hands
// over numbers (CT_LEAK_ARG_* in bpf/abi_leak.h), never a byte of what was written.

import { printable } from "../errors/index.js";
import type { CloudtaserEvent } from "../formats/index.js";
import { namesByNumber, type VectorName } from "../vectors/index.js";
import type { AbiNames, LeakEnums } from "./abi.js";
import { addressText } from "./address.js";
import type { DecodedEvent } from "./decoded.js";

export const isLeak = (vector: VectorName): boolean => vector.startsWith("leak_");

/** Why an operation was not looked at whole. */
export const unscannedReasons = ["unreadable", "beyond", "unknown", "busy"] as const;
export type UnscannedReason = (typeof unscannedReasons)[number];

export interface LeakNames {
  encoding(number: number): string;
  reason(number: number): string;
  place(number: number): string;
  sink(number: number): string;
}

export function leakNames(enums: LeakEnums): LeakNames {
  const look = (generated: Readonly<Record<string, number>>) => {
    const names = new Map([...namesByNumber(generated), ...(generated["none"] === 0 ? [[0, "none"] as const] : [])]);
    return (number: number): string => names.get(number) ?? String(number);
  };
  return {
    encoding: look(enums.LeakEncoding),
    reason: look(enums.LeakReason),
    place: look(enums.LeakPlace),
    sink: look(enums.LeakSink),
  };
}

const field = (word: bigint, shift: number, bits: number): number =>
  Number((word >> BigInt(shift)) & ((1n << BigInt(bits)) - 1n));

/** undefined for one that was looked at whole. */
export function unscannedReason({ arg }: DecodedEvent, { leak }: AbiNames): UnscannedReason | undefined {
  const reason = leak.reason(field(arg[1] ?? 0n, 8, 8));
  return unscannedReasons.find((one) => one === reason);
}

export function leakDetail(
  decoded: DecodedEvent,
  { leak }: AbiNames,
  secretOf: (id: number) => string | undefined,
): CloudtaserEvent["detail"] {
  const [id = 0n, word = 0n, low = 0n, high = 0n] = decoded.arg;
  const detail: CloudtaserEvent["detail"] = {};
  if (id !== 0n) {
    detail["secret"] = printable(secretOf(Number(id)) ?? `secret-${id}`, 64);
    detail["encoding"] = leak.encoding(field(word, 0, 8));
    detail["offset"] = leak.place(field(word, 16, 8));
    detail["length"] = field(word, 32, 16);
  } else detail["unscanned"] = leak.reason(field(word, 8, 8));
  const sink = leak.sink(field(word, 24, 8));
  if (sink !== "none") detail["sink"] = sink;
  if (sink === "internet") {
    const address = addressText(low, high);
    detail["destination"] = `${address.includes(":") ? `[${address}]` : address}:${field(word, 48, 16)}`;
  }
  if (decoded.name !== "") detail["name"] = printable(decoded.name, 64);
  return detail;
}
