// SPDX-License-Identifier: Apache-2.0
// The event as one line for people.

import { styleText } from "node:util";
import type { Severity } from "../vectors/index.js";
import type { CloudtaserEvent } from "./event.js";
import type { NoticeEvent } from "./notice.js";
import { attackSummary, noticeFacts } from "./summary.js";
import { plain } from "./text.js";

type Style = Parameters<typeof styleText>[0];

const severityStyles: Readonly<Record<Severity, Style>> = {
  info: "dim",
  low: "cyan",
  medium: "yellow",
  high: "magenta",
  critical: "red",
};

const outcomeStyles: Readonly<Record<CloudtaserEvent["outcome"], Style>> = {
  denied: "green",
  killed: "green",
  observed: "yellow",
  allowed: "dim",
};

/** One line without the newline. The time is shown to the millisecond, in UTC. */
export function formatHuman(event: CloudtaserEvent, { color = false }: { color?: boolean } = {}): string {
  const paint = (style: Style, text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  const outcome = event.killed && event.outcome !== "killed" ? `${event.outcome}+killed` : event.outcome;
  return [
    paint("dim", plain(event.time, 40).replace(/(\.\d{3})\d*Z$/, "$1Z")),
    paint(severityStyles[event.severity] ?? "dim", event.severity.padEnd(8)),
    paint(outcomeStyles[event.outcome] ?? "dim", outcome.padEnd(8)),
    `${paint("bold", plain(event.type, 64))} ${attackSummary(event)}`,
  ].join(" ");
}

/** As formatHuman(), for an event of the agent's own. */
export function formatNotice(event: NoticeEvent, { color = false }: { color?: boolean } = {}): string {
  const paint = (style: Style, text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  return [
    paint("dim", plain(event.time, 40).replace(/(\.\d{3})\d*Z$/, "$1Z")),
    paint(severityStyles[event.severity], event.severity.padEnd(8)),
    "agent   ",
    `${paint("bold", event.type)}${noticeFacts(event)}`,
  ].join(" ");
}
