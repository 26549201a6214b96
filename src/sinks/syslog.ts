// SPDX-License-Identifier: Apache-2.0
// One event as a syslog message (RFC 5424). The header holds only what cannot break it; the event is the message. Numbered
// by the registered element "meta", so that a receiver sees a gap without understanding the event.

import type { Format } from "../formats/index.js";
import type { Severity } from "../vectors/index.js";
import type { Entry } from "./sink.js";

/** RFC 5424, 6.2.1: 2 critical … 6 informational. */
const severityNumbers: Readonly<Record<Severity, number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 };

/** Largest sequenceId (RFC 5424, 7.3.1); after it, 1 again. */
const maxSequence = 2_147_483_647;

/** Printable ASCII without blanks, or the nil value. */
function word(text: string, length: number): string {
  const plain = text.replace(/[^\x21-\x7e]/g, "?").slice(0, length);
  return plain === "" ? "-" : plain;
}

/** Without a frame and without a newline. */
export function syslogMessage(entry: Entry, { facility, format }: { facility: number; format: Format }): Buffer {
  const { event } = entry;
  const priority = facility * 8 + (severityNumbers[event.severity] ?? 6);
  // Six decimals at most.
  const time = /^[\d-]{10}T[\d:]{8}\.\d{6}/.exec(event.time)?.[0];
  const header = [
    `<${priority}>1`,
    time === undefined ? "-" : `${time}Z`,
    word(String(event.node), 255),
    "cloudtaser",
    "-",
    word(String(event.type), 32),
    `[meta sequenceId="${((Math.max(1, Number(event.seq) || 1) - 1) % maxSequence) + 1}"]`,
  ];
  return Buffer.from(
    `${header.join(" ")} ${entry
      .in(format)
      .replace(/[\r\n]+/g, " ")
      .trimEnd()}`,
  );
}

/** RFC 6587, 3.4.1, and RFC 5425: the length in bytes before the message. */
export function octetCounted(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}
