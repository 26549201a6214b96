// SPDX-License-Identifier: Apache-2.0
// Error codes: what is thrown is in the table, what is in the table is thrown, and the reference has all of them.
import { expect, it } from "vitest";
import { errorTable } from "../../src/errors/index.js";
import { filesBelow } from "../../tools/tree.js";
import { read } from "./sources.js";

const sources = filesBelow("src").filter((path) => path.endsWith(".ts") && !path.includes("/errors/"));
const text = sources.map(read).join("\n");

it("throws no code that the table lacks", () => {
  const thrown = [...text.matchAll(/new CloudtaserError\(\s*"(\w+)"/g)].map((match) => match[1] ?? "");
  expect(thrown.length).toBeGreaterThan(20);
  expect(thrown.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
});

it("has no code in the table that nothing throws", () => {
  const used = (code: string): boolean => text.includes(`"${code}"`) || code === "INTERNAL";
  expect(Object.keys(errorTable).filter((code) => !used(code))).toEqual([]);
});

it("has a section for every code", () => {
  const sections = [...read("docs/reference/errors.md").matchAll(/^## ([A-Z_]+)$/gm)].map((match) => match[1]);
  expect(sections.sort()).toEqual(Object.keys(errorTable).sort());
});
