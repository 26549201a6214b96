// SPDX-License-Identifier: Apache-2.0
// An error with an exit status other than its own.

import type { CloudtaserError } from "../errors/index.js";

export class StatusError extends Error {
  override readonly name = "StatusError";
  constructor(
    readonly status: number,
    override readonly cause: CloudtaserError,
  ) {
    super(cause.message);
  }
}
