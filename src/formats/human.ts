// SPDX-License-Identifier: Apache-2.0
// The event as one line for people.

import { styleText } from "node:util";
import { printable } from "../errors/index.js";
import { isVectorName, type Severity, vectorEntry } from "../vectors/index.js";
import type { CloudtaserEvent } from "./event.js";
import type { NoticeEvent } from "./notice.js";

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

// Events may come from a file that somebody else wrote: neutralise here too. What the pipeline escaped already carries only
// doubled backslashes, which stay as they are.
function plain(text: string, length: number): string {
  return printable(text, length).replaceAll("\\\\", "\\");
}

function detailText(detail: CloudtaserEvent["detail"]): string {
  const parts = Object.entries(detail).map(([key, value]) => `${plain(key, 32)}=${plain(String(value), 128)}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** One line without the newline. The time is shown to the millisecond, in UTC. */
export function formatHuman(event: CloudtaserEvent, { color = false }: { color?: boolean } = {}): string {
  const paint = (style: Style, text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  const { offender, target } = event;
  const title = isVectorName(event.vector) ? vectorEntry(event.vector).title : event.vector;
  const outcome = event.killed && event.outcome !== "killed" ? `${event.outcome}+killed` : event.outcome;
  const who = `${plain(offender.comm, 160)}[${offender.pid}] uid ${offender.uid}`;
  const exe = offender.exe.path === undefined ? "" : ` ${plain(offender.exe.path, 512)}`;
  const workload = target?.workload === undefined ? "" : ` of ${plain(target.workload, 640)}`;
  const whom = target === null ? "" : ` → ${plain(target.comm, 160)}[${target.pid}]${workload}`;
  const times = event.count > 1 ? ` ×${event.count}` : "";
  return [
    paint("dim", plain(event.time, 40).replace(/(\.\d{3})\d*Z$/, "$1Z")),
    paint(severityStyles[event.severity] ?? "dim", event.severity.padEnd(8)),
    paint(outcomeStyles[event.outcome] ?? "dim", outcome.padEnd(8)),
    `${paint("bold", plain(event.type, 64))} ${plain(title, 64)}: ${who}${exe}${whom}${detailText(event.detail)}${times}`,
  ].join(" ");
}

/** As formatHuman(), for an event of the agent's own. */
export function formatNotice(event: NoticeEvent, { color = false }: { color?: boolean } = {}): string {
  const paint = (style: Style, text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  const door = event.door === null ? "" : ` ${plain(event.door, 64)}`;
  const times = event.count > 1 ? ` ×${event.count}` : "";
  const vectors =
    event.vectors.length === 0 ? "" : `: affects ${event.vectors.map((one) => plain(one, 64)).join(", ")}`;
  return [
    paint("dim", plain(event.time, 40).replace(/(\.\d{3})\d*Z$/, "$1Z")),
    paint(severityStyles[event.severity], event.severity.padEnd(8)),
    "agent   ",
    `${paint("bold", event.type)}${door}${detailText(event.detail)}${times}${vectors}`,
  ].join(" ");
}
