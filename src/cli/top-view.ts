// SPDX-License-Identifier: Apache-2.0
// The screen of `cloudtaser top` as lines of text.

import type { StatusReport } from "../control/protocol.js";
import { printable } from "../errors/index.js";
import { cut, paint, renderTable } from "./table.js";
import type { Tally, TopSnapshot } from "./top-model.js";

export interface ViewOptions {
  columns: number;
  /** Lines at most. */
  rows: number;
  color: boolean;
  /** Why there is no news; "" while there is. */
  trouble: string;
}

const outcomeOrder = ["denied", "killed", "observed", "allowed"] as const;
const outcomeStyles = { denied: "green", killed: "green", observed: "yellow", allowed: "dim" } as const;

/** What all columns but the first one take. */
const otherColumns = 68;

function tallyTable(
  title: string,
  tallies: readonly Tally[],
  rows: number,
  { color, columns: width }: ViewOptions,
): string[] {
  const columns = [
    { title: title.toUpperCase(), max: Math.max(12, Math.min(80, width - otherColumns)) },
    { title: "LAST MINUTE", align: "right" },
    { title: "IN ALL", align: "right" },
    ...outcomeOrder.map((outcome) => ({ title: outcome.toUpperCase(), align: "right" as const })),
    { title: "LAST" },
  ] as const;
  const cells = tallies.slice(0, rows).map((tally) => [
    tally.name,
    { text: String(tally.recent), style: tally.recent > 0 ? ("bold" as const) : ("dim" as const) },
    String(tally.count),
    ...outcomeOrder.map((outcome) => {
      const count = tally.outcomes[outcome] ?? 0;
      return { text: count === 0 ? "" : String(count), style: outcomeStyles[outcome] };
    }),
    tally.last.slice(11, 19),
  ]);
  return renderTable(columns, cells, { color });
}

function headLines(snapshot: TopSnapshot, status: StatusReport | undefined, { color, trouble }: ViewOptions): string[] {
  const lines: string[] = [];
  if (status !== undefined) {
    const ready = status.ready ? paint("ready", "green", color) : paint("NOT READY", "red", color);
    lines.push(
      `cloudtaser on ${printable(status.node)}: ${ready}, mode ${printable(status.mode)}, ${status.processes.length} processes of ${status.workloads.length} workloads protected`,
    );
    const lost = Object.entries(status.losses).filter(([, number]) => number !== "0");
    const slow = status.sinks.filter((sink) => sink.dropped > 0 || sink.queued > 0);
    const sinks = slow.map((sink) => `${printable(sink.name)} ${sink.queued} waiting, ${sink.dropped} dropped`);
    const trouble = [...lost.map(([reason, number]) => `${printable(reason)} ${number}`), ...sinks];
    if (trouble.length > 0) lines.push(paint(`losses and sinks: ${trouble.join("; ")}`, "yellow", color));
  }
  if (trouble !== "") lines.push(paint(printable(trouble), "red", color));
  lines.push(
    `${snapshot.attempts} attempts in ${snapshot.events} events, those that the agent keeps and what came since`,
  );
  return lines;
}

export function renderTop(snapshot: TopSnapshot, status: StatusReport | undefined, options: ViewOptions): string[] {
  const head = headLines(snapshot, status, options);
  const parts: [string, readonly Tally[], number][] = [
    ["attacked by", snapshot.vectors, 3],
    ["offender", snapshot.offenders, 3],
    ["attacked", snapshot.targets, 2],
    ["door", snapshot.doors, 2],
    ["agent's own", snapshot.own, 1],
  ];
  // A title and a blank line each; the rest is shared by weight.
  const free = Math.max(parts.length, options.rows - head.length - parts.length * 2);
  const weights = parts.reduce((sum, [, , weight]) => sum + weight, 0);
  const body = parts.flatMap(([title, tallies, weight]) => [
    "",
    ...tallyTable(title, tallies, Math.max(1, Math.floor((free * weight) / weights)), options),
  ]);
  return [...head, ...body].slice(0, options.rows).map((line) => fit(line, options));
}

/** Cutting through an escape sequence would colour the rest of the screen. */
function fit(line: string, { columns, color }: ViewOptions): string {
  return color ? line : cut(line, columns);
}
