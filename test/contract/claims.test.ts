// SPDX-License-Identifier: Apache-2.0
// A claim is worth the test that keeps it: each that the threat model names is there and runs where it says, and nothing that
// was written to be run in a guest is run by nobody.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configurations } from "../../test/matrix/configurations.js";
import { filesBelow } from "../../tools/tree.js";
import { read, stems } from "./sources.js";
import { faultsOf, listed } from "./where.js";

const model = read("docs/THREAT-MODEL.md");

describe("the tests that the threat model names", () => {
  const claims = (model.split("## Claims, and the tests that keep them")[1] ?? "").split("\n## ")[0] ?? "";
  const rows = claims
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) => line.slice(2, -2).split(" | "));

  it("exist", () => {
    const named = [...model.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path]) => path ?? "");
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it("are named by each claim, with where they run", () => {
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.filter(([, tests, where]) => !/`test\/[\w./-]+\.ts`/.test(tests ?? "") || !where)).toEqual([]);
  });

  it("run where it says", () => {
    const faults = rows.flatMap(([claim, tests = "", where = ""]) =>
      faultsOf(tests, where).map((fault) => `${claim?.slice(0, 60)}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  it.each([
    ["`test/unit/fuzz-config.test.ts`", "6.12", "make unit"],
    ["`test/matrix/service.test.ts`", "`make unit` too", "make unit"],
    ["`test/matrix/failed-start.ts`", "5.10 and 6.12", "test-all alone, and that is not said"],
    ["`test/matrix/pods.test.ts`", "6.12; more in `test-all`", "no more of it"],
    ["`test/matrix/many-pods.test.ts`", "6.12, longer in `test-all`", "and something else is said"],
    ["`test/matrix/pods.test.ts`", "6.12 and 7.2", "not run on 7.2"],
    ["`test/matrix/pods.test.ts`", "all six guests", "not part of all six"],
    ["`test/matrix/pods.test.ts`", "in a guest", "no kernel is named"],
    ["`test/unit/fuzz-config.test.ts`", "`make unit` too. Longer by hand: `make fuzz`", "make fuzz runs nothing of it"],
    ["`test/matrix/pods.test.ts`", "6.12. Longer by hand: `make torture`", "make torture runs nothing of it"],
    [
      "`test/unit/fuzz-config.test.ts`",
      "`make unit` too; with services: `make benign`",
      "make benign runs nothing of it",
    ],
  ])("%s in '%s' would be seen", (tests, where, fault) => {
    expect(faultsOf(tests, where).join()).toContain(fault);
  });

  it("name the fuzzers that there are", () => {
    const [claim = ""] = rows.find(([, tests]) => tests?.includes("`test/native/fuzz.test.ts`")) ?? [];
    const named = /has targets: ((?:`\w+`(?:, )?)+)/.exec(claim)?.[1] ?? "";
    const targets = /^FUZZ_TARGETS := (.*)$/m.exec(read("test/fuzz/fuzz.mk"))?.[1]?.split(" ") ?? [];
    expect(targets.length).toBeGreaterThan(3);
    expect([...named.matchAll(/\w+/g)].map(([name]) => name).sort()).toEqual(targets.sort());
  });
});

describe("what runs in guests", () => {
  const run = [
    ...[...listed("alsoOn"), ...listed("inAllToo")].map(([, name]) => name),
    ...Object.keys(configurations).map((name) => `kernel-${name}`),
  ];

  it("is every file of the matrix, by make test or make test-all, and each once", () => {
    expect(run.sort()).toEqual(stems("test/matrix", ".test.ts"));
  });

  it("is every file of what must keep working, by make benign", () => {
    const target = /^benign:.*\(KERNEL=([^)]*)\)\n.*test\/benign\/kernel-\$\(KERNEL\)\.test\.ts/m.exec(
      read("Makefile"),
    );
    expect(target?.[1]?.split(", ").map((name) => `kernel-${name}`)).toEqual(stems("test/benign", ".test.ts"));
  });

  it("is every part that a file of the matrix is made of", () => {
    const sources = ["test/matrix", "test/torture", "test/benign", "test/lab", "test/bench", "test/demo", "tools"]
      .flatMap((directory) => filesBelow(directory))
      .filter((path) => path.endsWith(".ts"))
      .map(read)
      .join("\n");
    const parts = stems("test/matrix", ".ts").filter((name) => !name.endsWith(".test"));
    expect(parts.length).toBeGreaterThan(20);
    expect(parts.filter((name) => !sources.includes(`/${name}.js"`))).toEqual([]);
  });
});
