// SPDX-License-Identifier: Apache-2.0
// make siege: one that fails keeps none from being run, and its failure from no table and no status. What it names is there.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Outcome, runSteps, type Step, statusOf, stepsOf, tableOf } from "../../tools/siege.js";

const held = (what: string, seconds = 1): Outcome => ({ what, status: "0", seconds });

describe("the steps", () => {
  const steps = stepsOf(["SECONDS=5", "ROUNDS=2"]);

  it("are what the documents say, and each is there", () => {
    const makefile = readFileSync("Makefile", "utf8");
    const targets = steps.filter(({ command }) => command[0] === "make").map(({ command }) => command[1] ?? "");
    expect(targets).toEqual(["torture", "locked", "syscall-fuzz", "fuzz"]);
    for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}: `, "m"));
    const files = steps.flatMap(({ command }) => command.filter((word) => word.endsWith(".test.ts")));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((path) => !existsSync(path))).toEqual([]);
    for (const name of ["soundness-weak", "bad-input", "control-siege"])
      expect(files.join()).toContain(`/${name}.test`);
  });

  it("give make its words, and the tests what make test-all has", () => {
    for (const { command, env } of steps) {
      if (command[0] === "make") expect(command.slice(2)).toEqual(["SECONDS=5", "ROUNDS=2"]);
      else expect(env).toEqual({ TESTS: "all" });
    }
  });

  it("choose the races by the names that they have", () => {
    const races: readonly string[] = steps.find(({ what }) => what === "races")?.command ?? [];
    const names = (races[races.indexOf("-t") + 1] ?? "").split("|");
    expect(names.length).toBeGreaterThan(3);
    const sources = ["suite", "soundness"].map((name) => readFileSync(`test/matrix/${name}.ts`, "utf8")).join("\n");
    expect(names.filter((name) => !sources.includes(`test("${name}`))).toEqual([]);
  });
});

describe("a run", () => {
  const steps: Step[] = ["one", "two", "three", "four"].map((what) => ({ what, command: ["true"] }));

  it("goes on after one that fails, one that is killed and one that cannot begin", async () => {
    const tried: string[] = [];
    let clock = 0;
    const outcomes = await runSteps(
      steps,
      async ({ what }) => {
        tried.push(what);
        clock += 90_000;
        if (what === "one") return "1";
        if (what === "two") return "SIGKILL";
        if (what === "three") throw new Error("spawn none ENOENT");
        return "0";
      },
      () => clock,
    );
    expect(tried).toEqual(["one", "two", "three", "four"]);
    expect(outcomes.map(({ status }) => status)).toEqual(["1", "SIGKILL", "spawn none ENOENT", "0"]);
    expect(outcomes.map(({ seconds }) => seconds)).toEqual([90, 90, 90, 90]);
    expect(statusOf(outcomes)).toBe(1);
  });

  it("holds if all did, and not if nothing was run", () => {
    expect(statusOf([held("one"), held("two")])).toBe(0);
    expect(statusOf([held("one"), { ...held("two"), status: "2" }])).toBe(1);
    expect(statusOf([{ ...held("one"), status: "SIGTERM" }, held("two")])).toBe(1);
    expect(statusOf([])).toBe(1);
  });

  it("ends with a line for each", () => {
    expect(tableOf([held("torture", 3725.4), { what: "fuzz", status: "77", seconds: 61 }]).split("\n")).toEqual([
      "what     status       how long",
      "torture  held         1:02:05",
      "fuzz     failed (77)  0:01:01",
    ]);
  });
});
