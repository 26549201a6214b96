// SPDX-License-Identifier: Apache-2.0
// Limits, committed figures and the table of `make bench`. All figures are instructions per operation.
import type { Footprint } from "./footprint.js";
import type { LeakFigures } from "./leaks.js";

export const operations = [
  "getppid",
  "open+close",
  "write /dev/null",
  "unix send+recv",
  "open+close /proc/self/stat",
  "fork+exit+wait",
  "vfork+exec+wait",
] as const;
export type Operation = (typeof operations)[number];

/** Operation to instructions. */
export type Counts = Record<string, number>;

export const scenarios = [
  "no agent",
  "idle",
  "1 protected",
  "500 protected",
  "20 secrets",
  "protected caller",
] as const;
export type Scenario = (typeof scenarios)[number];

export interface KernelFigures {
  form: string;
  operations: Record<Scenario, Counts>;
  /** What "no agent" varied by, from one run of the measuring program to the next. */
  spread: Counts;
  /** Added by each door alone. */
  doors: Record<string, Counts>;
  footprint: Footprint;
  leaks: LeakFigures;
}

/** kernel → what was measured on it */
export type Figures = Record<string, KernelFigures>;

/** Noise of the counting itself: the guest's clock interrupt falls into a round or not. */
export const noise = 8;

/** Making a process takes pages wherever they lie: the kernel alone varies by more than the clock does. */
export const noiseOf = (operation: string, spread: Counts): number => Math.max(noise, spread[operation] ?? 0);

/** What may be added to the operation; undefined if nothing was promised. */
export function limitsOf(
  scenario: Scenario,
  operation: Operation,
  without: number,
  spread: Counts,
): number | undefined {
  const forUnprotected: Partial<Record<Operation, number>> = {
    getppid: 0,
    "open+close": 230,
    "write /dev/null": 230,
    "unix send+recv": 430,
    "fork+exit+wait": 0.02 * without,
    "vfork+exec+wait": 0.02 * without,
  };
  if (scenario === "no agent") return undefined;
  if (scenario === "idle") return noiseOf(operation, spread);
  const limit = forUnprotected[operation];
  if (limit === undefined) return undefined;
  return (scenario === "protected caller" ? 2 * limit : limit) + noiseOf(operation, spread);
}

export interface Judged {
  value: number;
  /** Beyond "no agent". */
  added: number;
  over: boolean;
  /** More than the committed figure, by more than noise. */
  worse: boolean;
  committed: number | undefined;
}

export function judge(
  scenario: Scenario,
  operation: Operation,
  measured: KernelFigures,
  known: KernelFigures | undefined,
): Judged {
  const of = (figures: KernelFigures | undefined, which: Scenario): number | undefined =>
    figures?.operations[which]?.[operation];
  const base = of(measured, "no agent") ?? 0;
  const value = of(measured, scenario) ?? 0;
  const added = value - base;
  const limit = limitsOf(scenario, operation, base, measured.spread);
  const before = of(known, scenario);
  const committed = before === undefined ? undefined : before - (of(known, "no agent") ?? 0);
  const worse =
    scenario !== "no agent" && committed !== undefined && added > committed + 2 * noiseOf(operation, measured.spread);
  return { value, added, over: limit !== undefined && added > limit, worse, committed };
}

export function tableText(kernel: string, measured: KernelFigures, known: KernelFigures | undefined): string {
  const width = 27;
  const lines = [
    `\nInstructions per operation on ${kernel} (${measured.form}): without the agent, then what each state adds (committed figure)`,
    ["".padEnd(width), ...scenarios.map((s) => s.padStart(22))].join(""),
  ];
  for (const operation of operations) {
    const cells = scenarios.map((scenario) => {
      const { value, added, over, worse, committed } = judge(scenario, operation, measured, known);
      const plain = scenario === "no agent";
      const sign = added < 0 ? "" : "+";
      const before = plain || committed === undefined ? "" : ` (${committed < 0 ? "" : "+"}${committed})`;
      const word = over ? " OVER" : worse ? " WORSE" : "";
      return `${plain ? value : `${sign}${added}`}${before}${word}`.padStart(22);
    });
    lines.push(operation.padEnd(width) + cells.join(""));
  }
  return `${lines.join("\n")}\n`;
}
