// SPDX-License-Identifier: Apache-2.0
// make siege: everything that attacks the agent for long, one after the other, whatever became of the one before; then one table,
// and status 1 if any failed. Usage: siege [NAME=VALUE…], which make's own targets get (SECONDS=600 ROUNDS=5).

import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { configurations } from "../test/matrix/configurations.js";

export interface Step {
  what: string;
  command: readonly [string, ...string[]];
  env?: Readonly<Record<string, string>>;
}

export interface Outcome {
  what: string;
  /** "0" if it held; another number, a signal's name, or why it did not begin. */
  status: string;
  seconds: number;
}

/** Of a guest's suite the tests before a race, which it builds on, and the races. */
const raceNames = [
  "without the agent every",
  "detect: every",
  "enforce: every",
  "a race of many",
  "a race gets through",
];

/** @param words NAME=VALUE, for make */
export function stepsOf(words: readonly string[]): Step[] {
  const make = (target: string): Step => ({ what: target, command: ["make", target, ...words] });
  const tests = (what: string, project: string, files: readonly string[], ...more: string[]): Step => ({
    what,
    command: ["node_modules/.bin/vitest", "run", "--project", project, ...files, "--reporter=verbose", ...more],
    // As make test-all has them.
    env: { TESTS: "all" },
  });
  const guests = Object.keys(configurations).map((name) => `test/matrix/kernel-${name}.test.ts`);
  const quick = ["control-siege", "sinks-bad-input", "formats-hostile", "fuzz-config", "fuzz-records"];
  return [
    make("torture"),
    make("locked"),
    make("syscall-fuzz"),
    make("fuzz"),
    tests("races", "matrix", guests, "-t", raceNames.join("|")),
    tests("races, unsound", "matrix", ["test/matrix/soundness-weak.test.ts"]),
    tests("bad input", "matrix", ["test/matrix/bad-input.test.ts"]),
    tests(
      "bad input, no guest",
      "unit",
      quick.map((name) => `test/unit/${name}.test.ts`),
    ),
  ];
}

/** Runs one after the other, also after one that failed or could not begin. @param run its status, as in Outcome */
export async function runSteps(
  steps: readonly Step[],
  run: (step: Step) => Promise<string>,
  now: () => number = () => performance.now(),
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    const began = now();
    const status = await run(step).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    outcomes.push({ what: step.what, status, seconds: (now() - began) / 1000 });
  }
  return outcomes;
}

export const statusOf = (outcomes: readonly Outcome[]): number =>
  outcomes.length > 0 && outcomes.every(({ status }) => status === "0") ? 0 : 1;

function durationOf(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = [
    ["what", "status", "how long"],
    ...outcomes.map(({ what, status, seconds }) => [
      what,
      status === "0" ? "held" : `failed (${status})`,
      durationOf(seconds),
    ]),
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}

function runHere({ what, command, env }: Step): Promise<string> {
  const [program, ...args] = command;
  process.stdout.write(`\n== ${what}: ${command.join(" ")}\n`);
  // The words are given on: what make says to a make below it would give them twice.
  const { MAKEFLAGS, MAKELEVEL, MAKEOVERRIDES, ...rest } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit", env: { ...rest, ...env } });
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(signal ?? String(status)));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const words = process.argv.slice(2);
  const odd = words.find((word) => !/^[A-Z]+=/.test(word));
  if (odd !== undefined) throw new Error(`NAME=VALUE is wanted, not ${odd}`);
  const outcomes = await runSteps(stepsOf(words), runHere);
  process.stdout.write(`\n${tableOf(outcomes)}\n`);
  process.exitCode = statusOf(outcomes);
}
