// SPDX-License-Identifier: Apache-2.0
// Who may loosen protection, as the guards that stand remember it: root can change a file, but not this.
import { existsSync } from "node:fs";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { decodeAuthority, encodeAuthority } from "./abi.gen.js";
import type { BpfMap, Native } from "./native.js";
import { Pins } from "./pins.js";

export interface RememberedAuthority {
  /** The 32 bytes of an Ed25519 public key in base64. */
  publicKey: string;
  /** Of the last configuration that was in force. */
  serial: bigint;
}

const first = Buffer.alloc(4);

export function readAuthority(map: BpfMap): RememberedAuthority | undefined {
  const bytes = map.lookup(first);
  if (!bytes) throw new Error("the map has no entry");
  const { serial, key } = decodeAuthority(bytes);
  return key.every((byte) => byte === 0) ? undefined : { publicKey: Buffer.from(key).toString("base64"), serial };
}

/** undefined: nobody is the authority. */
export function writeAuthority(map: BpfMap, authority: RememberedAuthority | undefined): void {
  const key = authority === undefined ? Buffer.alloc(32) : Buffer.from(authority.publicKey, "base64");
  map.update(first, encodeAuthority({ serial: authority?.serial ?? 0n, key }));
}

/** What guards that stand at that path remember; undefined if none stand, or nobody is their authority. Throws PIN_MISMATCH
 *  where they stand and cannot be read: then nobody may take them for guards without an authority. */
export function rememberedAuthority(native: Pick<Native, "openMap">, pinPath: string): RememberedAuthority | undefined {
  const path = new Pins(pinPath).map("authority");
  if (!existsSync(path)) return undefined;
  try {
    const map = native.openMap(path);
    try {
      return readAuthority(map);
    } finally {
      map.close();
    }
  } catch (cause) {
    throw new CloudtaserError("PIN_MISMATCH", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}
