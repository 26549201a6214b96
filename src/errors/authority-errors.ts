// SPDX-License-Identifier: Apache-2.0
// Errors about who may loosen protection.

import { type ErrorEntry, exitCodes } from "./exit.js";

export const authorityErrors = {
  AUTHORITY_NEEDED: {
    message: "{target} loosens protection, and only the authority may do that",
    help: "Give the authority's private key with --key FILE; the configuration names its public half.",
    exitCode: exitCodes.forbidden,
  },
  AUTHORITY_DENIED: {
    message: "{target} is refused: {reason}",
    help: "Sign with the key whose public half the agent's configuration names; cloudtaser authority show FILE prints that of a key.",
    exitCode: exitCodes.forbidden,
  },
  AUTHORITY_KEY_UNUSABLE: {
    message: "the key {target} cannot be used: {reason}",
    help: "Give an Ed25519 private key of mode 0600 that belongs to this user; cloudtaser authority keygen makes one.",
    exitCode: exitCodes.usage,
  },
  AUTHORITY_FILE_UNWRITABLE: {
    message: "{target} cannot be written: {reason}",
    help: "Name a file in an existing directory that this user may write to; a key that is there already is never replaced.",
    exitCode: exitCodes.failed,
  },
  AUTHORITY_CONFIGURATION: {
    message: "the configuration {target} is not in force: {reason}",
    help: "Let the authority sign it: cloudtaser authority sign FILE --key KEY. Guards that stand go on refusing meanwhile.",
    exitCode: exitCodes.forbidden,
  },
} as const satisfies Record<string, ErrorEntry>;
