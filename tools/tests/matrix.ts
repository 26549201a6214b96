// SPDX-License-Identifier: Apache-2.0
// Joins what each guest recorded (test/matrix/record.ts) into one matrix: vector × configuration → the worst road.

import { readFileSync } from "node:fs";
import type { Cell } from "../../test/matrix/record.js";

export interface GuestRecord {
  configuration: string;
  release: string;
  form: string;
  cells: Cell[];
}

export interface Outcome {
  /** "denied", "not possible here", or "OPEN" if any road was neither. */
  outcome: "denied" | "not possible here" | "OPEN";
  /** Roads that were refused. */
  denied: number;
  roads: number;
  /** Roads that were not, with the reason. */
  others: { road: string; enforce: string; reason: string }[];
}

export interface Matrix {
  configurations: { configuration: string; release: string; form: string }[];
  /** By vector, then by configuration. */
  outcomes: Record<string, Record<string, Outcome>>;
  cells: (Cell & { configuration: string })[];
}

const impossible = "not possible here";

export function outcomeOf(cells: readonly Cell[]): Outcome {
  const others = cells
    .filter(({ enforce }) => enforce !== "denied")
    .map(({ road, enforce, reason }) => ({ road, enforce: enforce || "not tried", reason }));
  const denied = cells.length - others.length;
  const open = cells.length === 0 || others.some(({ enforce, reason }) => enforce !== impossible || reason === "");
  return { outcome: open ? "OPEN" : denied > 0 ? "denied" : impossible, denied, roads: cells.length, others };
}

/** Undefined if the guest left no record: a record of an earlier run is removed before the guest starts. */
export function readRecord(path: string): GuestRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as GuestRecord;
  } catch {
    return undefined;
  }
}

export function joinRecords(records: readonly GuestRecord[], vectors: readonly string[]): Matrix {
  const outcomes: Matrix["outcomes"] = {};
  for (const vector of vectors) {
    outcomes[vector] = {};
    for (const { configuration, cells } of records) {
      const own = cells.filter((cell) => cell.vector === vector);
      Object.assign(outcomes[vector], { [configuration]: outcomeOf(own) });
    }
  }
  return {
    configurations: records.map(({ configuration, release, form }) => ({ configuration, release, form })),
    outcomes,
    cells: records.flatMap(({ configuration, cells }) => cells.map((cell) => ({ configuration, ...cell }))),
  };
}

const cellText = ({ outcome, denied, roads }: Outcome): string =>
  outcome === "denied" ? `denied ${denied}/${roads}` : outcome;

/** The table for people, with a line below it for each road that was not refused. */
export function matrixText({ configurations, outcomes }: Matrix): string {
  const head = ["vector", ...configurations.map(({ configuration }) => configuration)];
  const forms = ["form", ...configurations.map(({ form }) => form)];
  const rows = Object.entries(outcomes).map(([vector, row]) => [vector, ...Object.values(row).map(cellText)]);
  const widths = head.map((_, column) => Math.max(...[head, forms, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  const notes = Object.entries(outcomes).flatMap(([vector, row]) =>
    Object.entries(row).flatMap(([configuration, { others }]) =>
      others.map(
        ({ road, enforce, reason }) => `${configuration} ${vector}/${road}: ${enforce}${reason && `: ${reason}`}`,
      ),
    ),
  );
  const about =
    "Worst road of each vector in enforce mode; denied N/M: N of its M roads were refused, the others are listed below.";
  return [about, "", line(head), line(forms), ...rows.map(line), ...(notes.length > 0 ? ["", ...notes] : []), ""].join(
    "\n",
  );
}

/** What in the matrix is not as it must be. */
export function matrixFaults(matrix: Matrix): string[] {
  return Object.entries(matrix.outcomes).flatMap(([vector, row]) =>
    Object.entries(row)
      .filter(([, { outcome }]) => outcome === "OPEN")
      .map(([configuration]) => `matrix: ${vector} is not shown to be refused on ${configuration}`),
  );
}
