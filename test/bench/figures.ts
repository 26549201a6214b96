// SPDX-License-Identifier: Apache-2.0
// Limits, committed figures and the table of `make bench`. All figures are instructions per operation.

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

export const scenarios = ["no agent", "idle", "1 protected", "500 protected", "protected caller"] as const;
export type Scenario = (typeof scenarios)[number];

/** kernel → scenario → operation → instructions */
export type Figures = Record<string, Record<Scenario, Record<string, number>>>;

/** Noise of the counting itself: the guest's clock interrupt falls into a round or not. */
const noise = 8;

/** What may be added to the operation; undefined if nothing was promised. */
export function limitsOf(scenario: Scenario, operation: Operation, without: number): number | undefined {
  const forUnprotected: Partial<Record<Operation, number>> = {
    getppid: 0,
    "open+close": 230,
    "write /dev/null": 230,
    "unix send+recv": 430,
    "fork+exit+wait": 0.02 * without,
    "vfork+exec+wait": 0.02 * without,
  };
  const limit = forUnprotected[operation];
  if (limit === undefined || scenario === "no agent" || scenario === "idle") return undefined;
  return (scenario === "protected caller" ? 2 * limit : limit) + noise;
}

export function tableText(kernel: string, measured: Figures[string], known: Figures[string] | undefined): string {
  const lines = [
    `\nInstructions per operation on ${kernel}: without the agent, then what each state adds (committed figure)`,
  ];
  const width = 27;
  lines.push(["".padEnd(width), ...scenarios.map((s) => s.padStart(20))].join(""));
  for (const operation of operations) {
    const cells = scenarios.map((scenario) => {
      const value = measured[scenario][operation] ?? 0;
      const base = measured["no agent"][operation] ?? 0;
      const old = known?.[scenario]?.[operation];
      const oldBase = known?.["no agent"]?.[operation] ?? 0;
      const shown = scenario === "no agent" ? String(value) : `+${value - base}`;
      const before = old === undefined ? "" : ` (${scenario === "no agent" ? old : `+${old - oldBase}`})`;
      const limit = limitsOf(scenario, operation, base);
      const over = limit !== undefined && value - base > limit ? " OVER" : "";
      return `${shown}${before}${over}`.padStart(20);
    });
    lines.push(operation.padEnd(width) + cells.join(""));
  }
  return `${lines.join("\n")}\n`;
}
