// SPDX-License-Identifier: Apache-2.0
// Counts what vitest wrote with its JSON reporter. What did not run counts as failed or skipped, never as passed.

import { readFileSync } from "node:fs";

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

export interface RunResult extends Totals {
  /** "file: test" of each skipped test. */
  skips: string[];
  /** What failed without a failed test: a file that does not load, a hook, vitest itself. */
  faults: string[];
}

interface JsonReport {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

const nothing: RunResult = { passed: 0, failed: 0, skipped: 0, skips: [], faults: [] };

export const addTotals = (a: Totals, b: Totals): Totals => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

export const closingLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

export function countReport(report: JsonReport, status: number | null, what: string): RunResult {
  const result: RunResult = { ...nothing, skips: [], faults: [] };
  for (const file of report.testResults) {
    const failedBefore = result.failed;
    for (const { fullName, status: outcome } of file.assertionResults) {
      if (outcome === "passed") result.passed++;
      else if (outcome === "failed") result.failed++;
      else {
        result.skipped++;
        result.skips.push(`${file.name}: ${fullName}`);
      }
    }
    // A hook that throws leaves its tests "skipped", and a file that does not load has none.
    if (file.status === "failed" && result.failed === failedBefore) result.faults.push(`${file.name}: ${file.message}`);
  }
  const silent = result.passed + result.failed + result.skipped === 0;
  if (silent && result.faults.length === 0) result.faults.push(`${what}: no test ran`);
  if (status !== 0 && result.failed === 0 && result.faults.length === 0)
    result.faults.push(`${what}: vitest ended with status ${status}`);
  result.failed += result.faults.length;
  return result;
}

export function readReport(path: string, status: number | null, what: string): RunResult {
  try {
    return countReport(JSON.parse(readFileSync(path, "utf8")) as JsonReport, status, what);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...nothing, failed: 1, skips: [], faults: [`${what}: vitest left no report: ${reason}`] };
  }
}
