// SPDX-License-Identifier: Apache-2.0
// The event as one line of JSON, the format of the stream and of the file.

import type { CloudtaserEvent } from "./event.js";
import type { NoticeEvent } from "./notice.js";

// JSON lets these stand as they are, but readers that split by Unicode rules see a line end in some of them.
const splitters = /[\x7f-\x9f\u2028\u2029]/g;

/** Exactly one line, the newline at its end included. */
export function formatNative(event: CloudtaserEvent | NoticeEvent): string {
  const json = JSON.stringify(event).replace(
    splitters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${json}\n`;
}
