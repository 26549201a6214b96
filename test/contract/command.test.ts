// SPDX-License-Identifier: Apache-2.0
// The command as it is bundled: parts that are loaded later may import the entry, so the entry must have ended by then.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { read } from "./sources.js";

it("ends its entry without waiting", () => {
  expect(read("src/cli/main.ts")).not.toMatch(/^[^\s/].*\bawait\b(?! import)/m);
});

it("has no part that is missing", () => {
  const parts = readdirSync("dist/bin").filter((name) => name.endsWith(".js"));
  const named = parts.flatMap((part) =>
    [...read(`dist/bin/${part}`).matchAll(/(?:from|import)\(?["`]\.\/([^"`]+\.js)["`]/g)].map((match) => match[1]),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !parts.includes(name ?? ""))).toEqual([]);
});
