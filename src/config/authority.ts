// SPDX-License-Identifier: Apache-2.0
// Who may loosen protection.

import { z } from "zod";
import { parsePublicKey } from "../keys/index.js";

function isPublicKey(text: string): boolean {
  try {
    return parsePublicKey(text) === text;
  } catch {
    return false;
  }
}

export const authority = z
  .strictObject({
    publicKey: z
      .string()
      .refine(isPublicKey, "must be the 32 bytes of an Ed25519 public key in base64, as authority keygen shows them")
      .describe("The key by which this file and commands that loosen protection are signed."),
    serial: z
      .int()
      .min(0)
      .default(0)
      .describe("Counted up with each signed file: one with a lower number than the last is refused."),
    mayDetach: z
      .boolean()
      .default(false)
      .describe("A stop may take the guards off, if onStop says so: for the last file before an agent is removed."),
  })
  .optional()
  .describe("Who may loosen protection: whoever holds this key, and not root as such. See docs/AUTHORITY.md.");
