// SPDX-License-Identifier: Apache-2.0
// How doors are proved while the agent runs.
import { z } from "zod";

export const canary = z
  .strictObject({
    interval: z.number().min(1).max(86400).default(30).describe("Seconds between two proofs of every door."),
    untried: z
      .enum(["refuse", "accept"])
      .default("refuse")
      .describe(
        "A door that stands and cannot be tried, because the agent has no CAP_SYS_MODULE or CAP_SYS_RAWIO: not ready for it, or ready with a warning.",
      ),
  })
  .prefault({})
  .describe("The proof that each door still refuses.");
