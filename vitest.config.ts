// SPDX-License-Identifier: Apache-2.0
// Tests run from the TypeScript sources; each project is one directory, so that `vitest --project unit` needs no kernel.

import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const minutes = 60_000;

/** Guests that take longest, first: one that began last would run alone at the end, with a processor idle. */
const longest = ["6.12", "5.10", "7.2", "6.1", "6.12-nobpf", "5.10-bpf"].map((name) => `kernel-${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification): number => {
      const found = longest.indexOf(basename(file.moduleId));
      return found < 0 ? longest.length : found;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // Not a limit on speed: a loaded machine takes long over what is tried with thousands of inputs.
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: minutes } },
      { extends: true, test: { name: "contract", include: ["test/contract/**/*.test.ts"], testTimeout: minutes } },
      { extends: true, test: { name: "native", include: ["test/native/**/*.test.ts"], testTimeout: minutes } },
      ...["matrix", "benign"].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          testTimeout: 10 * minutes,
          hookTimeout: 10 * minutes,
          // A guest is emulated and keeps a processor busy. In a file, one test builds on the one before it.
          maxWorkers: 2,
          sequence: { concurrent: false, shuffle: false },
        },
      })),
    ],
  },
});
