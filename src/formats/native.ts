// SPDX-License-Identifier: Apache-2.0
// The event as one line of JSON, the format of the stream and of the file.

import type { AnyEvent } from "./any.js";
import { jsonLine } from "./text.js";

/** Exactly one line, the newline at its end included. */
export function formatNative(event: AnyEvent): string {
  return jsonLine(event);
}
