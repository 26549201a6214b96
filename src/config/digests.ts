// SPDX-License-Identifier: Apache-2.0
// Contents that the configuration names by SHA-256.

import { z } from "zod";

export const sha256 = z.string().regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits");

/** By file name, so that one object cannot stand in for another. */
export const objectDigests = z
  .strictObject({
    "cloudtaser.bpf.o": sha256.optional().describe("The doors."),
    "cloudtaser-signal.bpf.o": sha256.optional().describe("The doors of the signal form."),
    "cloudtaser-typed.bpf.o": sha256.optional().describe("The doors under lockdown=confidentiality."),
    "cloudtaser-leaks.bpf.o": sha256.optional().describe("What looks for secrets."),
  })
  .optional()
  .describe("SHA-256 of BPF objects of your own, which are loaded in place of those of this build.");
