// SPDX-License-Identifier: Apache-2.0
// The import rule holds, and the tool that holds it sees what it must see.
import { describe, expect, it } from "vitest";
import { findBreaches, importsOf, mayImport } from "../../tools/imports.js";
import { filesBelow } from "../../tools/tree.js";
import { read } from "./sources.js";

const problems = (file: string, text: string): string[] =>
  findBreaches(new Map([[file, text]])).map(({ line, problem }) => `${line} ${problem}`);

it("holds in this tree", () => {
  const paths = filesBelow("src").filter((path) => path.endsWith(".ts"));
  expect(paths.length).toBeGreaterThan(50);
  expect(findBreaches(new Map(paths.map((path) => [path, read(path)])))).toEqual([]);
});

it("is a table without a circle", () => {
  const table: Readonly<Record<string, readonly string[]>> = mayImport;
  const reach = (room: string, trail: readonly string[] = []): void => {
    expect(trail, `${[...trail, room].join(" → ")}`).not.toContain(room);
    for (const next of table[room] ?? []) reach(next, [...trail, room]);
  };
  for (const room of Object.keys(table)) reach(room);
});

describe("the tool", () => {
  it("reads each shape of import", () => {
    const text =
      'import {\n  a,\n  b,\n} from "./one.js";\nexport type { C } from "./two.js";\nawait import("./three.js");\n';
    expect(importsOf(text)).toEqual([
      { line: 1, specifier: "./one.js", typeOnly: false },
      { line: 5, specifier: "./two.js", typeOnly: true },
      { line: 6, specifier: "./three.js", typeOnly: false },
    ]);
  });

  it("refuses an edge that the table lacks", () => {
    expect(problems("src/scope/x.ts", '// no\nimport { Kernel } from "../kernel/index.js";\n')).toEqual([
      "2 scope may not import kernel",
    ]);
    expect(problems("src/vectors/x.ts", 'import { a } from "../errors/index.js";\n')).toHaveLength(1);
    expect(problems("src/agent/x.ts", 'import { run } from "../cli/program.js";\n')).toHaveLength(1);
  });

  it("lets control name the types of kernel, and no more", () => {
    expect(problems("src/control/x.ts", 'import type { Native } from "../kernel/native.js";\n')).toEqual([]);
    expect(problems("src/control/x.ts", 'import { loadNative } from "../kernel/load-native.js";\n')).toHaveLength(1);
  });

  it("wants rooms entered by their index", () => {
    expect(problems("src/agent/x.ts", 'import { Scope } from "../scope/scope.js";\n')).toEqual([
      "1 agent must import scope by its index, not scope/scope",
    ]);
  });

  it("refuses a second place that loads the addon", () => {
    expect(problems("src/kernel/x.ts", 'const a = createRequire(import.meta.url)("./a.node");\n')).toHaveLength(1);
  });

  it("finds a circle of files", () => {
    const files = new Map([
      ["src/scope/a.ts", 'import { b } from "./b.js";\n'],
      ["src/scope/b.ts", 'import { a } from "./a.js";\n'],
    ]);
    expect(findBreaches(files).map(({ problem }) => problem)).toEqual([
      "import cycle: src/scope/a.ts → src/scope/b.ts → src/scope/a.ts",
    ]);
  });

  it("refuses code of the tests in the product", () => {
    expect(problems("src/agent/x.ts", 'import { Guest } from "../../test/lab/guest.js";\n')).toEqual([
      "1 src may not import test/lab/guest.ts",
    ]);
  });
});
