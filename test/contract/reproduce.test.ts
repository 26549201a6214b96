// SPDX-License-Identifier: Apache-2.0
// The same sources make the same files, wherever and whenever they are built. Of the doors a sample; make test-all and make reproduce
// build all.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { differences, reproduce } from "../../tools/reproduce.js";
import { filesBelow } from "../../tools/tree.js";
import { isWhole } from "../matrix/extent.js";

const scratch = mkdtempSync(join(tmpdir(), "ct-differences-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it("a build elsewhere, under another umask, locale, time zone and date, makes the same bytes", () => {
  const { compared, different } = reproduce(!isWhole);
  expect(different).toEqual([]);
  expect(compared).toBeGreaterThan(filesBelow("src").length);
}, 900_000);

it("a byte that differs, a shorter file and a missing one are seen", () => {
  const put = (tree: string, name: string, text: string): void => {
    mkdirSync(join(scratch, tree), { recursive: true });
    writeFileSync(join(scratch, tree, name), text);
  };
  for (const tree of ["one", "other"]) put(tree, "same", "as it was");
  put("one", "byte", "as it was");
  put("other", "byte", "as it wag");
  put("one", "short", "as it was");
  put("other", "short", "as it");
  put("one", "gone", "as it was");
  expect(differences(join(scratch, "one"), join(scratch, "other"), ["same", "byte", "short", "gone"])).toEqual([
    { path: "byte", at: 8 },
    { path: "short", at: 5 },
    { path: "gone", at: -1 },
  ]);
});

it("no built file says where the tree lies", () => {
  const here = Buffer.from(process.cwd());
  const built = [
    ...filesBelow("build/bpf"),
    ...filesBelow("dist/bin"),
    "build/cloudtaser-canary",
    "build/cloudtaser-launch",
  ];
  const telling = built
    .filter((path) => /\.bpf\.o$|\.c?js$|cloudtaser-/.test(path))
    .filter((path) => readFileSync(path).includes(here));
  expect(telling).toEqual([]);
});
