// SPDX-License-Identifier: Apache-2.0
// Where standard error takes nothing more (a full disk, a terminal that was closed), whoever logs goes on.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLog } from "../../src/log/index.js";

it("a line that cannot be written is nobody's error", () => {
  const log = createLog({
    write: () => {
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    },
  });
  expect(() => log.error("a door is not proved", { door: "file_open" })).not.toThrow();
  expect(() => log.child("watch").info("still here")).not.toThrow();
});

it("standard error on a full disk neither ends the process nor fills its memory, and is written to again once there is room", () => {
  const built = "dist/src/log/index.js";
  expect(existsSync(built), `${built} is not built: make unit`).toBe(true);
  const directory = mkdtempSync(join(tmpdir(), "ct-log-"));
  const file = join(directory, "agent.log");
  const program = `
    import { closeSync, openSync } from "node:fs";
    import { createLog } from "./${built}";
    const standardError = (path) => {
      closeSync(2);
      openSync(path, "a");
    };
    standardError("/dev/full");
    const log = createLog();
    const text = "x".repeat(2000);
    for (let i = 0; i < 20_000; i++) log.info("line", { text });
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(Math.round(process.memoryUsage().heapUsed / 1048576));
    standardError(${JSON.stringify(file)});
    for (const message of ["first", "second"]) log.info(message);
  `;
  const argv = ["--input-type=module", "-e", program];
  const used = Number(execFileSync(process.execPath, argv, { encoding: "utf8" }));
  expect(used).toBeLessThan(30);
  expect(readFileSync(file, "utf8")).toMatch(/"second"\}\n$/);
  rmSync(directory, { recursive: true });
});
