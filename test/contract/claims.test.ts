// SPDX-License-Identifier: Apache-2.0
// A claim is worth the test that keeps it: each that the threat model names is there, and nothing that was written to be run in
// a guest is run by nobody.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configurations } from "../../test/matrix/configurations.js";
import { filesBelow } from "../../tools/tree.js";
import { read, stems } from "./sources.js";

const model = read("docs/THREAT-MODEL.md");

/** Names in the lists of one constant of tools/run-tests.ts, which runs when it is imported. */
function listed(constant: string): string[] {
  const body = read("tools/run-tests.ts").split(`const ${constant}: `)[1]?.split("\n};")[0] ?? "";
  return [...body.matchAll(/\[([^\]]*)\]/g)].flatMap(([, list]) =>
    [...(list ?? "").matchAll(/"([\w.-]+)"/g)].map(([, name]) => name ?? ""),
  );
}

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
});

describe("what runs in guests", () => {
  const run = [
    ...listed("alsoOn"),
    ...listed("inAllToo"),
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
