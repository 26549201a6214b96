// SPDX-License-Identifier: Apache-2.0
// What an authority signs: a configuration, by its contents, and a request to the agent, which is good for one challenge. The
// first line keeps a signature of one kind from being taken for another.

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** Of a signature's file: 64 bytes in base64 and a newline, and some room. */
const maxFile = 256;

export const sha256Hex = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** @param digest SHA-256 of the file as it is, hexadecimal */
export const configurationText = (digest: string): string => `cloudtaser configuration 1\n${digest}\n`;

export interface SignedRequest {
  /** As the agent gave it out. */
  challenge: string;
  method: string;
  /** With the query. */
  path: string;
  /** SHA-256 of the body, hexadecimal. */
  digest: string;
}

export const requestText = ({ challenge, method, path, digest }: SignedRequest): string =>
  `cloudtaser request 1\n${challenge}\n${method} ${path}\n${digest}\n`;

/** Where the signature of a file lies. */
export const signaturePath = (path: string): string => `${path}.sig`;

/** The signature beside a file, in base64. Throws an Error that says why there is none. */
export function readSignature(path: string): string {
  const fd = openSync(signaturePath(path), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const info = fstatSync(fd);
    if (!info.isFile() || info.size > maxFile) throw new Error(`${signaturePath(path)} is no signature`);
    return readFileSync(fd, "utf8").trim();
  } finally {
    closeSync(fd);
  }
}
