// SPDX-License-Identifier: Apache-2.0
// The addon's own tests once more, with an addon that checks each access to memory and each undefined operation.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const addon = resolve("build/sanitized/cloudtaser.node");
const runtime = execFileSync("g++", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim();
/** Node keeps what it needs to its end, which the search for leaks would call one. */
const options = { ASAN_OPTIONS: "detect_leaks=0:abort_on_error=1", UBSAN_OPTIONS: "print_stacktrace=1" };

const others = ["fuzz.test.ts", "sanitized.test.ts", "launch.test.ts", "trim.test.ts"];
const files = readdirSync("test/native").filter((name) => name.endsWith(".test.ts") && !others.includes(name));

it("the addon is one with sanitizers: it does not load without their runtime", () => {
  const { status, stderr } = spawnSync(process.execPath, ["-e", `require(${JSON.stringify(addon)})`], {
    encoding: "utf8",
    env: { ...process.env, ...options },
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain("ASan runtime does not come first");
});

it("passes its tests with them", () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
  const { status, stdout, stderr } = spawnSync(
    "node_modules/.bin/vitest",
    ["run", "--project", "native", "--reporter=json", ...files.map((name) => `test/native/${name}`)],
    {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, ...options, CT_ADDON: addon, LD_PRELOAD: realpathSync(runtime), VITEST: undefined },
    },
  );
  const said = `${stdout}${stderr}`;
  expect(said.match(/^.*(?:AddressSanitizer|runtime error:).*$/m)?.[0]).toBeUndefined();
  const { numFailedTests, numPassedTests } = JSON.parse(stdout.slice(stdout.indexOf('{"num')));
  expect({ status, numFailedTests }).toEqual({ status: 0, numFailedTests: 0 });
  expect(numPassedTests).toBeGreaterThan(90);
}, 600_000);
