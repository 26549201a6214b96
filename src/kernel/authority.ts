// SPDX-License-Identifier: Apache-2.0
// Who may loosen protection, as the guards that stand remember it: root can change a file, but not this.
import { existsSync } from "node:fs";
import { decodeAuthority, encodeAuthority } from "./abi.gen.js";
import type { BpfMap, Native } from "./native.js";
import { notOurs, Pins } from "./pins.js";

export interface RememberedAuthority {
  /** The 32 bytes of an Ed25519 public key in base64. */
  publicKey: string;
  /** Of the configuration that is in force. */
  serial: bigint;
  /** SHA-256 of its file, hexadecimal: one that names another key is in force without being signed by that. */
  digest: string;
}

const first = Buffer.alloc(4);

export function readAuthority(map: BpfMap): RememberedAuthority | undefined {
  const bytes = map.lookup(first);
  if (!bytes) throw new Error("the map has no entry");
  const { serial, key, digest } = decodeAuthority(bytes);
  if (key.every((byte) => byte === 0)) return undefined;
  return { publicKey: key.toString("base64"), serial, digest: digest.toString("hex") };
}

/** undefined: nobody is the authority. */
export function writeAuthority(map: BpfMap, authority: RememberedAuthority | undefined): void {
  const { publicKey = "", serial = 0n, digest = "" } = authority ?? {};
  const whole = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(32)], 32);
  const key = whole(Buffer.from(publicKey, "base64"));
  map.update(first, encodeAuthority({ serial, key, digest: whole(Buffer.from(digest, "hex")) }));
}

/** What guards that stand at that path remember; undefined if none stand, or nobody is their authority. Throws PIN_STRANGER
 *  or PIN_MISMATCH where they stand and cannot be read: then nobody may take them for guards without an authority. */
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
    throw notOurs(path, cause);
  }
}
