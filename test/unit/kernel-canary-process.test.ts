// SPDX-License-Identifier: Apache-2.0
// A canary that hangs or answers something else is ended: of what it says next nobody knows to what it is the answer.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CanaryProcess } from "../../src/kernel/canary-process.js";

const directory = mkdtempSync(join(tmpdir(), "ct-canary-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** @param answers body of a shell loop that has each request in $line */
function startOf(answers: string, patience?: number): Promise<CanaryProcess> {
  const file = join(directory, `canary-${Math.random().toString(36).slice(2)}`);
  writeFileSync(file, `#!/bin/sh\necho ready\nwhile read line; do ${answers}; done\n`);
  chmodSync(file, 0o700);
  return CanaryProcess.start(file, "prober", patience);
}

async function endOf(canary: CanaryProcess): Promise<void> {
  await expect.poll(() => isThere(canary.pid), { timeout: 10_000 }).toBe(false);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a canary", () => {
  it("answers, or says what it could not do, and lives on", async () => {
    const canary = await startOf('case "$line" in no) echo error 1;; *) echo "$line 7";; esac');
    await expect(canary.ask("no", "probe")).rejects.toThrow("EPERM");
    expect(await canary.ask("probe", "probe")).toBe("7");
    expect(canary.alive).toBe(true);
    canary.close();
    await endOf(canary);
  });

  it("that hangs is ended, and is not asked again", async () => {
    const canary = await startOf("exec sleep 1000", 300);
    await expect(canary.ask("probe", "probe")).rejects.toThrow('no answer to "probe" within 300 ms');
    expect(canary.alive).toBe(false);
    await expect(canary.ask("probe", "probe"), "at once").rejects.toThrow("no answer");
    await endOf(canary);
  });

  it("that answers something else is ended", async () => {
    const canary = await startOf("echo other 1; echo probe 2");
    await expect(canary.ask("probe", "probe")).rejects.toThrow('unexpected answer: "other 1"');
    expect(canary.alive).toBe(false);
    await endOf(canary);
  });
});
