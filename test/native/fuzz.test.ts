// SPDX-License-Identifier: Apache-2.0
// C++ that takes bytes from outside, each part that has a target, tried for some seconds with inputs that a fuzzer makes up, under sanitizers. Longer:
// make fuzz SECONDS=600.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { expect, it } from "vitest";
import { fuzz } from "../../tools/fuzz.js";

const declared = /^FUZZ_TARGETS := (.*)$/m.exec(readFileSync("test/fuzz/fuzz.mk", "utf8"))?.[1]?.split(" ") ?? [];

it("there is a target for each file, and one with a fault", () => {
  const files = readdirSync("test/fuzz").filter((name) => name.endsWith(".cc"));
  expect(files.map((name) => name.replace(".cc", "")).sort()).toEqual([...declared, "planted"].sort());
});

it.each(declared)(
  "%s stands what is made up",
  async (target) => {
    const { runs, fault } = await fuzz(target, 5);
    expect(fault).toBe("");
    expect(runs).toBeGreaterThan(500);
  },
  120_000,
);

it("a fault is found", async () => {
  rmSync("build/fuzz/corpus/planted", { recursive: true, force: true });
  const { fault } = await fuzz("planted", 60);
  expect(fault).toMatch(/AddressSanitizer: heap-buffer-overflow/);
  for (const name of readdirSync("build/fuzz").filter((one) => one.startsWith("planted-")))
    rmSync(`build/fuzz/${name}`);
}, 120_000);
