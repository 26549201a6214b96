// SPDX-License-Identifier: Apache-2.0
// cloudtaser validate: the words of a start, without one, and what the running agent does otherwise.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { VectorReport } from "../../src/control/protocol.js";
import { cli, fakeAgent, scratch } from "./cli-support.js";

describe("cloudtaser validate", () => {
  const named = (name: string, text: string): string => {
    const file = join(scratch, name);
    writeFileSync(file, text);
    return file;
  };
  const enforced = named("valid.yaml", "mode: enforce\nvectors:\n  kcore: { mode: detect }\n");

  it("says what a configuration comes to, without an agent", async () => {
    const ran = await cli(["validate", "--config", enforced]);
    expect([ran.code, ran.err]).toEqual([0, ""]);
    expect(ran.out).toContain(`${enforced} is valid`);
    expect(ran.out).toMatch(/^mode enforce; vectors: \d+ enforce, \d+ detect$/m);
    const { sha256, vectors, valid } = JSON.parse((await cli(["validate", "--json", "--config", enforced])).out);
    expect({ valid, kcore: vectors.kcore, ptrace: vectors.ptrace_attach }).toEqual({
      valid: true,
      kcore: "detect",
      ptrace: "enforce",
    });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ["an unknown key", "mdoe: enforce\n", 2, "CONFIG_UNKNOWN_KEY"],
    ["an executable that is not there", "allow: [{ exe: /nowhere/tool }]\n", 2, "ALLOW_EXE_UNUSABLE"],
    [
      "an authority that has not signed",
      `authority: { publicKey: "${Buffer.alloc(32, 7).toString("base64")}", serial: 1 }\n`,
      4,
      "AUTHORITY_CONFIGURATION",
    ],
  ])("refuses %s, as a start would", async (name, text, code, error) => {
    const ran = await cli(["validate", "--config", named(`${name}.yaml`, text)]);
    expect(ran.err).toContain(error);
    expect([ran.code, ran.out]).toEqual([code, ""]);
  });

  it("tells where the running agent does otherwise", async () => {
    const { vectors } = JSON.parse((await cli(["validate", "--json", "--config", enforced])).out) as {
      vectors: Record<string, string>;
    };
    const reports = Object.entries(vectors).map(([vector, mode]) => ({ vector, mode, kill: false }));
    const asked = (over: object[]) => fakeAgent({ vectors: () => [...reports, ...over] as VectorReport[] });
    const same = await cli(["validate", "--running", "--config", enforced, "--socket", await asked([])]);
    expect([same.code, same.out.endsWith("the running agent has the same mode for every vector\n")]).toEqual([0, true]);
    reports.splice(0, 1, { vector: reports[0]?.vector ?? "", mode: "off", kill: false });
    const other = await cli(["validate", "--running", "--config", enforced, "--socket", await asked([])]);
    expect(other.code).toBe(1);
    expect(other.out).toMatch(/^differs: \w+ is enforce here, and off in force$/m);
  });
});
