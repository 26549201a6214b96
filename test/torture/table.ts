// SPDX-License-Identifier: Apache-2.0
// What a siege came to, as rows: what was done, how often, and what became of the attempts meanwhile.

export interface Row {
  fault: string;
  rounds: number;
  attempts: number;
  refused: number;
  successes: number;
  /** Attempts that ended otherwise, or never. */
  other: number;
  /** Refusals that the kernel counted. */
  counted: number;
  /** From an agent's start, or the death of the one before where nobody looked around between them, to full service: guest seconds. */
  seconds: number[];
  /** What else was measured. */
  note: string;
  /** What is wrong beside the numbers. */
  faults: string[];
}

export function faultsOf(row: Row): string[] {
  const found = row.faults.map((text) => `${row.fault}: ${text}`);
  if (row.successes > 0) found.push(`${row.fault}: ${row.successes} attempts succeeded`);
  if (row.other > 0) found.push(`${row.fault}: ${row.other} attempts ended in another way`);
  if (row.counted !== row.refused)
    found.push(`${row.fault}: ${row.refused} were refused, and the kernel counted ${row.counted}`);
  if (row.attempts === 0) found.push(`${row.fault}: nobody attacked`);
  return found;
}

/** Of the same fault: one row. */
export function addRows(rows: readonly Row[]): Row[] {
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const sum = sums.get(row.fault);
    if (sum === undefined) {
      sums.set(row.fault, { ...row });
      continue;
    }
    for (const name of ["rounds", "attempts", "refused", "successes", "other", "counted"] as const)
      sum[name] += row[name];
    sum.seconds = [...sum.seconds, ...row.seconds];
    sum.faults = [...sum.faults, ...row.faults];
    // One that counts says how far it has come.
    sum.note = row.note || sum.note;
  }
  return [...sums.values()];
}

function timesOf({ seconds }: Row): string {
  if (seconds.length === 0) return "";
  const sorted = [...seconds].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `${middle.toFixed(1)} (at most ${(sorted.at(-1) ?? 0).toFixed(1)})`;
}

export function tableOf(rows: readonly Row[]): string {
  const [total] = addRows(rows.map((row) => ({ ...row, fault: "all", seconds: [], note: "" })));
  const head = [
    "fault",
    "rounds",
    "attempts",
    "refused",
    "successes",
    "other",
    "counted by kernel",
    "start to full service, s",
    "",
  ];
  const lines = [...rows, ...(total === undefined ? [] : [total])].map((row) => [
    row.fault,
    ...[row.rounds, row.attempts, row.refused, row.successes, row.other, row.counted].map(String),
    timesOf(row),
    row.note,
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
