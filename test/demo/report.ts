// SPDX-License-Identifier: Apache-2.0
// What the demo shows on the terminal, and nothing else: colours only where somebody looks.

import { formatHuman } from "../../src/formats/human.js";
import { type CloudtaserEvent, wantsColor } from "../../src/formats/index.js";
import type { Attempt, Trick } from "./attacks.js";

const coloured = wantsColor(process.stdout, process.env);
const paint = (code: number) => (text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
export const red = paint(31);
export const green = paint(32);
export const bold = paint(1);
const grey = paint(90);

export interface Row {
  trick: Trick;
  before?: Attempt;
  after?: Attempt;
  attempt(): Promise<Attempt>;
  /** Attempts of the same vector that the agent has reported. */
  events: number;
  /** The service answered right after each attempt. */
  serving: boolean;
}

/** Of the first column. */
const width = 32;

export function print(text = ""): void {
  process.stdout.write(`${text}\n`);
}

export function printTitle(text: string): void {
  print(`\n${bold(text)}\n${grey("-".repeat(text.length))}`);
}

export function printAttempt({ title }: Trick, { verdict, words }: Attempt): void {
  const mark = verdict === "stolen" ? red("STOLEN ") : verdict === "refused" ? green("REFUSED") : bold("UNCLEAR");
  print(`  ${title.padEnd(width)}${mark}  ${grey(words)}`);
}

export function printTable(rows: readonly Row[]): void {
  print(bold(`  ${"attack".padEnd(width)}${"before".padEnd(10)}${"after".padEnd(10)}${"events".padEnd(8)}vector`));
  for (const { trick, before, after, events } of rows) {
    const one = shown(before, "stolen", red).padEnd(coloured ? 19 : 10);
    const two = shown(after, "refused", green).padEnd(coloured ? 19 : 10);
    print(`  ${trick.title.padEnd(width)}${one}${two}${String(events).padEnd(8)}${trick.vector}`);
    if (trick.note && events > 1) print(grey(`    ${trick.note}`));
  }
}

function shown(attempt: Attempt | undefined, expected: string, colour: (text: string) => string): string {
  const verdict = attempt?.verdict ?? "-";
  return (verdict === expected ? colour : bold)(verdict);
}

export function printEvent(event: CloudtaserEvent): void {
  print(`  ${formatHuman(event, { color: coloured })}`);
}
