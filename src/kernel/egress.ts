// SPDX-License-Identifier: Apache-2.0
// Entries of "leak_sinks" that belong to workloads: where these may connect and send to.
import { decodeLeakSinkKey, encodeLeakSinkKey } from "./abi.gen.js";
import { addMissing } from "./additions.js";
import type { BpfMap } from "./native.js";

/** What an operator wrote, resolved: see src/config/destination.ts. */
export interface Network {
  family: 4 | 6;
  /** 4 or 16 bytes. */
  address: Uint8Array;
  bits: number;
  /** 0: any. */
  port: number;
}

/** CT_LEAK_OWNER_GROUP in bpf/abi_leak.h: the owner is a workload and not a secret. */
export const ownerGroup = 0x8000_0000;

/** CT_SINKS_MAX in bpf/maps.h, shared with the sinks of secrets; test/contract holds them together. */
export const maxSinks = 16_384;

/** Bits of the key before the address. */
const ownerBits = 64;

function keyOf(group: number, { family, address, bits, port }: Network): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.set(address);
  // The port in network order: the machine writes its low byte first.
  const swapped = ((port & 0xff) << 8) | (port >> 8);
  return encodeLeakSinkKey({
    prefixlen: ownerBits + bits,
    owner: (ownerGroup | group) >>> 0,
    port: swapped,
    family,
    address: bytes,
  });
}

const isOfWorkload = (key: Buffer): boolean => decodeLeakSinkKey(key).owner >= ownerGroup;

/**
 * Adds what is missing; what is there and not wanted stands until the answer is called, when the policy that knows the
 * lists is in force. Throws what the kernel says if there is no room, and has changed nothing then.
 */
export function addDestinations(
  map: BpfMap,
  groups: readonly { group: number; egress?: readonly Network[] | undefined }[],
): { settle(): void; undo(): void } {
  const keys = groups.flatMap(({ group, egress }) => (egress ?? []).map((network) => keyOf(group, network)));
  const wanted = new Set(keys.map((key) => key.toString("hex")));
  const before = map.keys().filter(isOfWorkload);
  const undo = addMissing(map, keys, before);
  return {
    settle: () => {
      for (const key of before) if (!wanted.has(key.toString("hex"))) map.delete(key);
    },
    undo,
  };
}
