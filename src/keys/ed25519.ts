// SPDX-License-Identifier: Apache-2.0
// Ed25519 keys: as files that only their owner reads, as the 32 bytes of the public half, and what they sign.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** Before the 32 bytes of a public key in its DER form (RFC 8410). */
const derPrefix = Buffer.from("302a300506032b6570032100", "hex");

const maxFile = 4096;

export interface Signer {
  /** The 32 bytes of the public key in base64. */
  readonly publicKey: string;
  /** Signature of the text in base64. */
  sign(text: string): string;
}

function publicText(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).subarray(derPrefix.length).toString("base64");
}

/** Makes a key at that path, of mode 0600. Throws what the system says, also if something is there. */
export function makeKey(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync("ed25519");
  const unfinished = `${path}.${process.pid}.new`;
  // Of an attempt that was cut short: in a container the process id is the same each time.
  rmSync(unfinished, { force: true });
  const fd = openSync(unfinished, "wx", 0o600);
  try {
    try {
      writeSync(fd, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    // Not by rename: a key that is there already must stay.
    linkSync(unfinished, path);
  } finally {
    unlinkSync(unfinished);
  }
}

/** The key in a file of its owner's alone. Throws an Error that says what is wrong, and holds nothing of the key. */
export function readSigner(path: string): Signer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { mode, uid, size } = fstatSync(fd);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error("it is not a regular file");
    if ((mode & 0o077) !== 0) throw new Error("others than its owner may read or write it");
    if (uid !== process.geteuid?.()) throw new Error(`it belongs to user ${uid}`);
    if (size > maxFile) throw new Error("it is too long for a key");
    const key = createPrivateKey(readFileSync(fd));
    if (key.asymmetricKeyType !== "ed25519") throw new Error("it is not an Ed25519 key");
    return {
      publicKey: publicText(createPublicKey(key)),
      sign: (text) => sign(null, Buffer.from(text), key).toString("base64"),
    };
  } finally {
    closeSync(fd);
  }
}

/** A public key from its base64 text, or from PEM. Throws an Error that says what is wrong with it. */
export function parsePublicKey(text: string): string {
  const plain = text.trim();
  if (plain.startsWith("-----BEGIN")) {
    const key = createPublicKey(plain);
    if (key.asymmetricKeyType !== "ed25519") throw new Error("it is not an Ed25519 key");
    return publicText(key);
  }
  const bytes = Buffer.from(plain, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== plain) throw new Error("it is not 32 bytes in base64");
  return plain;
}

/** false also for a key or a signature that is none. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  try {
    const der = Buffer.concat([derPrefix, Buffer.from(parsePublicKey(publicKey), "base64")]);
    const key = createPublicKey({ key: der, type: "spki", format: "der" });
    const bytes = Buffer.from(signature, "base64");
    // Only one way of writing it: the last line's signature is covered by nothing else.
    return bytes.toString("base64") === signature && verify(null, Buffer.from(text), key, bytes);
  } catch {
    return false;
  }
}
