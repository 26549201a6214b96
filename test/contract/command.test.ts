// SPDX-License-Identifier: Apache-2.0
// The command as it is bundled: parts that are loaded later may import the entry, so the entry must have ended by then.
import { readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { expect, it } from "vitest";
import { read } from "./sources.js";

it("ends its entry without waiting", () => {
  expect(read("src/cli/main.ts")).not.toMatch(/^[^\s/].*\bawait\b(?! import)/m);
});

it("has all of its parts, no other, and packages of nobody", () => {
  const parts = readdirSync("dist/bin").filter((name) => name.endsWith(".cjs") && !/^(cloudtaser|hook-)/.test(name));
  const text = parts.map((part) => read(`dist/bin/${part}`)).join("\n");
  const named = [...text.matchAll(/require\(["'`]([^"'`]+)["'`]\)/g)].map(([, name = ""]) => name);
  expect(parts.length).toBeGreaterThan(10);
  expect(new Set(named.filter((name) => name.startsWith("./")))).toEqual(new Set(parts.map((part) => `./${part}`)));
  expect(named.filter((name) => !name.startsWith("./") && !isBuiltin(name))).toEqual([]);
  expect(read("dist/bin/cloudtaser.cjs")).toMatch(/["'`]command\.cjs["'`]/);
});
