// SPDX-License-Identifier: Apache-2.0
// Tests run from the TypeScript sources; each project is one directory, so that `vitest --project unit` needs no kernel.

import { defineConfig } from "vitest/config";

const minutes = 60_000;

export default defineConfig({
  test: {
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
