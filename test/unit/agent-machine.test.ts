// SPDX-License-Identifier: Apache-2.0
// The rescue boot: the agent stays off, unless guards stand that such a boot cannot have left.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkMachine } from "../../src/agent/machine.js";
import type { KernelFacts } from "../../src/kernel/index.js";
import { createLog } from "../../src/log/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-machine-"));
afterAll(() => rmSync(directory, { recursive: true }));

const facts = { root: true, missingCapabilities: [], btf: true, ftraceEnabled: true } as unknown as KernelFacts;
const log = createLog({ level: "silent" });
const cmdline = join(directory, "cmdline");
const check = (pins: string, text: string): void => {
  writeFileSync(cmdline, text);
  checkMachine(facts, join(directory, pins), log, cmdline);
};

describe("a rescue boot", () => {
  it("keeps the agent off", () => {
    expect(() => check("none", "root=/dev/vda1 cloudtaser=off quiet\n")).toThrow("nothing is guarded");
  });

  it.each(["root=/dev/vda1 quiet\n", "xcloudtaser=off", "cloudtaser=offline", ""])("is not %j", (text) => {
    expect(() => check("none", text)).not.toThrow();
  });

  it("is not believed while guards stand", () => {
    for (const part of ["maps", "doors-1"]) mkdirSync(join(directory, "standing", part), { recursive: true });
    for (const pin of ["maps/scope", "doors-1/file_open"]) writeFileSync(join(directory, "standing", pin), "");
    expect(() => check("standing", "cloudtaser=off\n")).not.toThrow();
  });
});
