// SPDX-License-Identifier: Apache-2.0
// What of the addon needs loaded programs, in a guest without an agent: as it is shipped, and with sanitizers.
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { expectRing } from "../native/guest/expect-ring.js";
import { compile } from "../native/support.js";

const here = "/run/native";
/** Each form of a door can be attached there. */
const forms = { lsm: "attached", fmod_ret: "attached", fentry: "attached" };

describe("the addon on 6.12", () => {
  let guest: Guest;

  beforeAll(async () => {
    guest = await Guest.boot({ kernel: "6.12", memory: "1536M" });
    for (const name of ["ring", "refused", "shape"] as const)
      await guest.copy(compile(name), `${here}/fixtures/${name}.bpf.o`);
    await guest.copy(join(treeRoot(), "test/native/guest/ring-check.mjs"), `${here}/ring-check.mjs`);
  }, 600_000);

  afterAll(async () => {
    await guest?.close();
  });

  async function check(addon: string, env: Record<string, string> = {}): Promise<string> {
    const argv = ["node", "--expose-gc", `${here}/ring-check.mjs`, addon, `${here}/fixtures`];
    const { status, stdout, stderr } = await guest.run(argv, { timeoutSeconds: 400, env });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expectRing(JSON.parse(stdout) as Record<string, unknown>, forms);
    return stderr;
  }

  test("loads, attaches, reads, pins and opens again", async () => {
    await check("/opt/cloudtaser/build/Release/cloudtaser.node");
  }, 500_000);

  test("does so without an access that a sanitizer minds", async () => {
    const libraries = ["libasan.so", "libubsan.so"].map((name) =>
      realpathSync(execFileSync("g++", [`-print-file-name=${name}`], { encoding: "utf8" }).trim()),
    );
    for (const path of libraries) await guest.copy(path, `${here}/${basename(path)}`);
    await guest.copy(join(treeRoot(), "build/sanitized/cloudtaser.node"), `${here}/sanitized.node`);
    const said = await check(`${here}/sanitized.node`, {
      // Node keeps what it needs to its end, which the search for leaks would call one.
      ASAN_OPTIONS: "detect_leaks=0:abort_on_error=1",
      UBSAN_OPTIONS: "print_stacktrace=1",
      LD_PRELOAD: libraries.map((path) => `${here}/${basename(path)}`).join(":"),
    });
    expect(said).not.toMatch(/AddressSanitizer|runtime error:/);
  }, 500_000);
});
