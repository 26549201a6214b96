// SPDX-License-Identifier: Apache-2.0
// What was found around workloads is told as long as one of them is there.

import { describe, expect, it } from "vitest";
import { Findings } from "../../src/scope/findings.js";

describe("findings", () => {
  it("of several workloads go with the last of them", () => {
    const findings = new Findings();
    findings.set(["a", "b"], ["process 1 has perf events open"]);
    findings.set(["c"], ["process 2 has perf events open"]);
    expect(findings.all).toEqual(["2 workloads: process 1 has perf events open", "c: process 2 has perf events open"]);
    findings.forget("a");
    expect(findings.all).toEqual(["b: process 1 has perf events open", "c: process 2 has perf events open"]);
    findings.forget("b");
    findings.forget("nobody");
    expect(findings.all).toEqual(["c: process 2 has perf events open"]);
  });

  it("of a later look replace those of the one before", () => {
    const findings = new Findings();
    findings.set(["a"], ["old"]);
    findings.set(["a"], ["new"]);
    expect(findings.all).toEqual(["a: new"]);
    findings.set(["a"], []);
    expect(findings.size).toBe(0);
  });

  it("of workloads of which nothing is left go", () => {
    const findings = new Findings();
    findings.set(["a", "b"], ["one"]);
    findings.set(["c"], ["two"]);
    findings.keepOnly((workload) => workload === "b");
    expect(findings.all).toEqual(["2 workloads: one"]);
  });
});
