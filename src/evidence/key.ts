// SPDX-License-Identifier: Apache-2.0
// The key that signs checkpoints, made at the first start. It never leaves its file but for the agent's memory; the public
// half is shown to whoever asks.

import { CloudtaserError, reasonOf } from "../errors/index.js";
import { makeKey, readSigner, type Signer } from "../keys/index.js";

export { isSignedBy, parsePublicKey, type Signer } from "../keys/index.js";

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

/** The key in the file, made if there is none. Throws EVIDENCE_KEY_UNUSABLE; the message holds nothing of the key. */
export function openSigner(path: string): Signer {
  try {
    try {
      return readSigner(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
      makeKey(path);
      return readSigner(path);
    }
  } catch (cause) {
    throw new CloudtaserError("EVIDENCE_KEY_UNUSABLE", { target: path, fields: { reason: reasonOf(cause) } });
  }
}
