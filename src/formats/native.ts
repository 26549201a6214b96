// SPDX-License-Identifier: Apache-2.0
// The event as one line of JSON, the format of the stream and of the file.

import type { AnyEvent } from "./any.js";
import { jsonLine, jsonText } from "./text.js";

/** The line without its newline: what is hashed and signed. */
export function nativeText(event: AnyEvent): string {
  return jsonText(event);
}

/** Exactly one line, the newline at its end included. */
export function formatNative(event: AnyEvent): string {
  return jsonLine(event);
}
