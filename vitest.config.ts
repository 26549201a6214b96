// SPDX-License-Identifier: Apache-2.0
// Tests run from the TypeScript sources; each project is one directory, so that `vitest --project unit` needs no kernel.

import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const minutes = 60_000;

/** What takes longest, first: if it began last it would run alone at the end, with a processor idle. */
const longest = [
  ...["control-siege", "crash", "fuzz", "sanitized", "kubernetes-asking", "monitoring-rules"],
  ...["kernel-6.12", "kernel-5.10", "bad-input", "torture", "soak", "kernel-7.2", "hook", "idle-5.10", "containers-6.12"],
  ...["containers-6.1", "kernel-6.1", "kernel-6.12-nobpf", "kernel-5.10-bpf", "service", "authority"],
].map((name) => `${name}.test.ts`);

/** At a time. A guest is emulated by one processor; one more than there are fills the time in which guests and tests wait. */
const atOnce = availableParallelism() + 1;

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
    maxWorkers: atOnce,
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
          // In a file, one test builds on the one before it.
          maxWorkers: atOnce,
          sequence: { concurrent: false, shuffle: false },
        },
      })),
    ],
  },
});
