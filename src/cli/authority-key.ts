// SPDX-License-Identifier: Apache-2.0
// The authority's private key, as commands take it that loosen protection.

import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { Signer } from "../keys/index.js";

export const keyOption = ["--key <file>", "private key of the authority, if the configuration names one"] as const;

/** The private key of --key. Throws AUTHORITY_KEY_UNUSABLE. */
export async function readKey(file: string): Promise<Signer> {
  const { readSigner } = await import("../keys/index.js");
  try {
    return readSigner(file);
  } catch (error) {
    throw new CloudtaserError("AUTHORITY_KEY_UNUSABLE", { target: file, fields: { reason: reasonOf(error) } });
  }
}
