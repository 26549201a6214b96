// SPDX-License-Identifier: Apache-2.0
// Errors about registered secrets. None of them carries a byte of one.

import { type ErrorEntry, exitCodes } from "./exit.js";

export const secretErrors = {
  SECRET_UNFIT: {
    message: "the secret {target} cannot be matched safely: {reason}",
    help: "Nothing was registered. Register a value of 12 bytes to 64 KiB that does not stand in ordinary data.",
    exitCode: exitCodes.usage,
  },
  SECRET_SOURCE: {
    message: "cannot read the value of the secret {target}: {reason}",
    help: "Give it with --from-file, --from-env or --stdin. Never write it on the command line, where everybody reads it.",
    exitCode: exitCodes.usage,
  },
  SECRET_NAME_TAKEN: {
    message: "the secret {target} is registered already, with another value",
    help: "Add --replace to exchange the value, or choose another name.",
    exitCode: exitCodes.usage,
  },
  SECRET_TWICE: {
    message: "the value of the secret {target} is registered already, as {known}",
    help: "One name is enough: use that one, or remove it first with: cloudtaser secrets remove.",
    exitCode: exitCodes.usage,
  },
  SECRET_UNKNOWN: {
    message: "no registered secret {target}",
    help: "cloudtaser secrets list shows the names and workloads.",
    exitCode: exitCodes.usage,
  },
  SINK_UNUSABLE: {
    message: "{target} cannot be allowed: {reason}",
    help: "Give ADDRESS/BITS:PORT (IPv6 in brackets, * for any port), or the absolute path of a file or unix socket.",
    exitCode: exitCodes.usage,
  },
  SECRETS_FULL: {
    message: "no room for {target}: {reason}",
    help: "Nothing of it was registered, and what was before still is. Remove secrets that are not needed any more.",
    exitCode: exitCodes.failed,
  },
  SECRETS_UNSUPPORTED: {
    message: "{target} cannot look into what a process writes: {reason}",
    help: "Nothing was registered. cloudtaser doctor says what this kernel can do.",
    exitCode: exitCodes.unsupported,
  },
} as const satisfies Record<string, ErrorEntry>;
