// SPDX-License-Identifier: Apache-2.0
// Random secrets in random encodings, places and calls: none comes through, and nothing else is refused.
import { expect, test } from "vitest";
import { triggerDir } from "./field.js";
import type { Suite } from "./suite.js";

/** On four kernels together 100,000 cases. */
const rounds = 5;
const cases = 5_000;
const secrets = 40;

interface Tally {
  cases: number;
  missed: number;
  changed: number;
  wrong: number;
  first: string;
}

export function leakCaseTests(suite: Suite, kernel: string): void {
  test("no secret comes through in any form, place or call, and nothing that is none is refused", async () => {
    // Other cases on each kernel, the same ones each time.
    const seed = Number(kernel.replace(".", "")) * rounds;
    for (let round = 0; round < rounds; round++) {
      const argv = [`${triggerDir}/leak_cases`, `${seed + round}`, `${secrets}`, `${cases}`];
      const { status, stdout, stderr } = await suite.field.guest.run(argv, { timeoutSeconds: 600 });
      expect(status, stderr).toBe(0);
      const tally = JSON.parse(stdout) as Tally;
      expect({ seed: seed + round, ...tally }).toMatchObject({ cases, missed: 0, wrong: 0 });
      // Else nothing would have shown that a near miss passes.
      expect(tally.changed).toBeGreaterThan(cases / 4);
    }
    await suite.field.forgetEvents();
  }, 600_000);
}
