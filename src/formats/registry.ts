// SPDX-License-Identifier: Apache-2.0
// Every format by its name: what sinks, configuration and command line choose from.

import type { CloudtaserEvent } from "./event.js";
import { formatNative } from "./native.js";
import type { NoticeEvent } from "./notice.js";

/** An attack, or an event of the agent's own; told apart by `vector`, which is null in the latter. */
export type AnyEvent = CloudtaserEvent | NoticeEvent;

export const formatNames = ["native"] as const;
export type FormatName = (typeof formatNames)[number];

export interface Format {
  /** Exactly one line, the newline at its end included, whatever the strings hold. Never throws. */
  line(event: AnyEvent): string;
  /** Media type of such lines. */
  contentType: string;
}

export const formats: Readonly<Record<FormatName, Format>> = {
  native: { line: formatNative, contentType: "application/x-ndjson" },
};
