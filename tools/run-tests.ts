// SPDX-License-Identifier: Apache-2.0
// make test: the quick projects, then the guests, a few at a time; then the matrix and one closing line with every test in it.
// make test-all (TESTS=all): test/matrix/extent.ts says what that has besides.
// Options: --only PROJECT (unit, contract, native, matrix; may be repeated). KERNELS="6.12 5.10" limits the guests.

import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { vectorNames } from "../src/vectors/index.js";
import { configurations } from "../test/matrix/configurations.js";
import { isWhole } from "../test/matrix/extent.js";
import { type GuestRecord, joinRecords, matrixFaults, matrixText, readRecord } from "./tests/matrix.js";
import { addTotals, closingLine, type RunResult, readReport, type Totals } from "./tests/results.js";

const quick = ["unit", "contract", "native"] as const;
/** What needs a guest of its own, by kernel. Faults of people and machines and the service manager do not depend on it. */
const alsoOn: Readonly<Record<string, readonly string[]>> = {
  "5.10": ["idle-5.10"],
  "6.1": ["containers-6.1"],
  "6.12": [
    "bad-input",
    "service",
    "syscall-fuzz",
    "authority",
    "containers-6.12",
    "pods",
    "hook",
    "locked",
    "trust",
    "planted",
    "torture",
    "soak",
    "native",
    "full-maps",
  ],
  "7.2": ["soundness-weak"],
};
const inAllToo: Readonly<Record<string, readonly string[]>> = {
  "5.10": ["signal-5.10"],
  "6.12": ["signal-6.12", "idle-6.12", "underfoot", "container", "many-pods", "arm64", "scope-full"],
};

const projects: readonly string[] = [...quick, "matrix"];
const reports = "build/test-results";
const say = (text: string): void => void process.stdout.write(`${text}\n`);

class UsageError extends Error {}

function vitest(name: string, selected: readonly string[], extra: readonly string[]): Promise<RunResult> {
  const report = `${reports}/${name}.json`;
  rmSync(report, { force: true });
  const args = ["run", ...selected.flatMap((project) => ["--project", project]), ...extra];
  args.push("--reporter=json", `--outputFile.json=${report}`);
  say(`\n== ${name}`);
  return new Promise((resolve, reject) => {
    const child = spawn("node_modules/.bin/vitest", args, { stdio: "inherit" });
    child.once("error", reject);
    child.once("close", (status) => resolve(readReport(report, status, name)));
  });
}

function chosenConfigurations(): string[] {
  const known = Object.keys(configurations);
  const asked = (process.env["KERNELS"] ?? "").split(/[\s,]+/).filter(Boolean);
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new UsageError(`KERNELS: no ${unknown.join(", ")}; there are ${known.join(", ")}`);
  return asked.length === 0 ? known : asked;
}

async function runMatrix(names: readonly string[]): Promise<RunResult> {
  const recordOf = (name: string): string => `build/matrix/${name}.json`;
  for (const name of names) rmSync(recordOf(name), { force: true });
  rmSync("build/matrix.json", { force: true });
  const files = names.map((name) => `test/matrix/kernel-${name}.test.ts`);
  for (const more of isWhole ? [alsoOn, inAllToo] : [alsoOn]) {
    for (const name of names) files.push(...(more[name] ?? []).map((file) => `test/matrix/${file}.test.ts`));
  }
  // verbose: a guest takes minutes, and each of its tests shall be seen to end.
  const result = await vitest("matrix", ["matrix"], [...files, "--reporter=verbose"]);
  const found = names.map((name): [string, GuestRecord | undefined] => [name, readRecord(recordOf(name))]);
  const missing = found.filter(([, record]) => record === undefined).map(([name]) => name);
  const matrix = joinRecords(
    found.flatMap(([, record]) => (record === undefined ? [] : [record])),
    vectorNames,
  );
  writeFileSync("build/matrix.json", `${JSON.stringify(matrix, null, 2)}\n`);
  say(`\n${matrixText(matrix)}`);
  const faults = [...missing.map((name) => `matrix: ${name} left no record`), ...matrixFaults(matrix)];
  return { ...result, failed: result.failed + faults.length, faults: [...result.faults, ...faults] };
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
  const only = values.only ?? projects;
  const unknown = only.filter((name) => !projects.includes(name));
  if (unknown.length > 0) throw new UsageError(`--only: no ${unknown.join(", ")}; there are ${projects.join(", ")}`);
  const names = chosenConfigurations();
  mkdirSync(reports, { recursive: true });
  const results: RunResult[] = [];
  const selected = quick.filter((project) => only.includes(project));
  if (selected.length > 0) results.push(await vitest("quick", selected, ["--reporter=default"]));
  if (only.includes("matrix")) results.push(await runMatrix(names));
  for (const skip of results.flatMap(({ skips }) => skips)) say(`skipped  ${skip}`);
  for (const fault of results.flatMap(({ faults }) => faults)) say(`failed   ${fault}`);
  const totals = results.reduce<Totals>(addTotals, { passed: 0, failed: 0, skipped: 0 });
  say(closingLine(totals));
  return totals.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError || (error instanceof Error && "code" in error);
  process.stderr.write(
    `run-tests: ${error instanceof Error ? (usage ? error.message : error.stack) : String(error)}\n`,
  );
  process.exitCode = 2;
}
