// SPDX-License-Identifier: Apache-2.0
// Where standard error takes nothing more (a full disk, a terminal that was closed), whoever logs goes on.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createLog, Patience } from "../../src/log/index.js";

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

it("a reader of standard error that was stopped does not stop who writes", async () => {
  const built = "dist/src/log/index.js";
  const program = `
    import { createLog } from "./${built}";
    const log = createLog();
    for (let i = 0; i < 200; i++) log.info("line", { text: "x".repeat(900) });
    console.log("still here");
  `;
  // A pipe that nobody reads: nothing listens on its stream.
  const argv = ["--input-type=module", "-e", program];
  const writer = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  writer.stderr.pause();
  const [said] = (await once(writer.stdout, "data")) as [Buffer];
  expect(said.toString()).toBe("still here\n");
  writer.kill("SIGKILL");
});

it("has a second for such a reader, and then a twentieth of the time", () => {
  const patience = new Patience();
  let now = 0;
  const held = (): number => {
    let waits = 0;
    for (; patience.wait(now); now += 20) waits++;
    return waits * 20;
  };
  expect(held()).toBe(1040);
  expect(held(), "at once again").toBe(0);
  now += 10_000;
  expect(held()).toBe(520);
  now += 1_000_000;
  expect(held(), "no more than at first").toBe(1040);
});
