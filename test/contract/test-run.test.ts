// SPDX-License-Identifier: Apache-2.0
// The runner of all tests does not flatter: what did not run is not passed, and what was not refused is not denied.
import { describe, expect, it } from "vitest";
import { joinRecords, matrixFaults, matrixText, outcomeOf } from "../../tools/tests/matrix.js";
import { addTotals, closingLine, countReport, readReport } from "../../tools/tests/results.js";

const file = (status: string, outcomes: string[], message = "") => ({
  name: "a.test.ts",
  status,
  message,
  assertionResults: outcomes.map((outcome, index) => ({ fullName: `t${index}`, status: outcome })),
});

describe("counting", () => {
  it("keeps passed, failed and skipped apart", () => {
    const result = countReport(
      { testResults: [file("failed", ["passed", "failed", "skipped", "todo", "pending"])] },
      1,
      "x",
    );
    expect(result).toMatchObject({ passed: 1, failed: 1, skipped: 3, faults: [] });
    expect(result.skips).toHaveLength(3);
  });

  it("counts a hook that failed, though its tests only say skipped", () => {
    const result = countReport({ testResults: [file("failed", ["skipped"], "boom")] }, 1, "x");
    expect(result).toMatchObject({ passed: 0, failed: 1, skipped: 1, faults: ["a.test.ts: boom"] });
  });

  it("counts a run without tests, a bad end and a missing report as failed", () => {
    expect(countReport({ testResults: [] }, 0, "x").failed).toBe(1);
    expect(countReport({ testResults: [file("passed", ["passed"])] }, 1, "x")).toMatchObject({ passed: 1, failed: 1 });
    expect(readReport("build/no-such-report.json", 0, "x").failed).toBe(1);
  });

  it("ends with the sum", () => {
    const sum = addTotals({ passed: 1, failed: 0, skipped: 2 }, { passed: 3, failed: 1, skipped: 0 });
    expect(closingLine(sum)).toBe("4 passed, 1 failed, 2 skipped");
  });
});

describe("the matrix", () => {
  const cell = (road: string, enforce: string, reason = "") =>
    ({ vector: "v", road, without: "succeeded", detect: "observed", enforce, reason }) as const;

  it("takes the worst road", () => {
    expect(outcomeOf([cell("a", "denied"), cell("b", "denied")]).outcome).toBe("denied");
    expect(outcomeOf([cell("a", "denied"), cell("b", "not possible here", "no int80")])).toMatchObject({
      outcome: "denied",
      denied: 1,
      roads: 2,
    });
    expect(outcomeOf([cell("a", "not possible here", "no kmem")]).outcome).toBe("not possible here");
    expect(outcomeOf([cell("a", "denied"), cell("b", "")]).outcome).toBe("OPEN");
    expect(outcomeOf([cell("a", "not possible here")]).outcome).toBe("OPEN");
    expect(outcomeOf([]).outcome).toBe("OPEN");
  });

  it("shows each configuration, names what is open, and the reason of what was not possible", () => {
    const record = { configuration: "6.12", release: "6.12.0", form: "lsm" };
    const matrix = joinRecords(
      [{ ...record, cells: [cell("a", "denied"), cell("b", "not possible here", "why")] }],
      ["v", "w"],
    );
    expect(matrixText(matrix)).toContain("6.12 v/b: not possible here: why");
    expect(matrixText(matrix)).toMatch(/^v +denied 1\/2$/m);
    expect(matrixFaults(matrix)).toEqual(["matrix: w is not shown to be refused on 6.12"]);
  });
});
