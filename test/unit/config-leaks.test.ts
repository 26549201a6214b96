// SPDX-License-Identifier: Apache-2.0
// How much of an operation is looked at for secrets, and what becomes of the rest.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-config-leaks-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "config.yaml");

function load(text: string) {
  writeFileSync(file, text);
  return loadConfig({ file });
}

describe("leaks", () => {
  const leaks = (text: string) => load(`leaks: {${text}}`).leaks;

  it("takes sizes with and without a unit, from the file and from the environment", () => {
    expect(leaks("")).toEqual({ scanLimit: 1_048_576, beyond: "edges", unscanned: "report" });
    expect(leaks("scanLimit: 64KiB, beyond: refuse, unscanned: refuse")).toEqual({
      scanLimit: 65_536,
      beyond: "refuse",
      unscanned: "refuse",
    });
    expect(leaks("scanLimit: 131072").scanLimit).toBe(131_072);
    const env = { LEAK_SCAN_LIMIT: "8KiB", LEAK_BEYOND: "refuse", LEAK_UNSCANNED: "refuse" };
    expect(loadConfig({ env }).leaks).toEqual({ scanLimit: 8192, beyond: "refuse", unscanned: "refuse" });
    expect(loadConfig({ env, flags: { leakScanLimit: "1MiB" } }).leaks.scanLimit).toBe(1_048_576);
  });

  it.each([
    ["scanLimit: 0", "nothing would be looked at"],
    ["scanLimit: 0KiB", "nothing would be looked at"],
    ["scanLimit: 4095", "from 4KiB to 1MiB"],
    ["scanLimit: 2MiB", "from 4KiB to 1MiB"],
    ["scanLimit: 5GiB", "a number of bytes"],
    ["scanLimit: -1", "a number of bytes"],
    ["scanLimit: 4096.5", "a number of bytes"],
    ["scanLimit: [4096]", "a number of bytes"],
    ["beyond: pass", "edges, refuse"],
    ["unscanned: true", "report, refuse"],
  ])("%s is refused", (text, reason) => {
    expect(() => leaks(text)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(reason) }),
    );
  });

  it("names the variable that holds a limit of 0", () => {
    expect(() => loadConfig({ env: { LEAK_SCAN_LIMIT: "0" } })).toThrow(
      expect.objectContaining({ target: "environment variable LEAK_SCAN_LIMIT" }),
    );
  });
});
