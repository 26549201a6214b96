// SPDX-License-Identifier: Apache-2.0
// Two builds of the doors: that of the product, and one of test/torture/torture.mk, which the configuration names.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { treeRoot } from "../lab/host.js";

export interface Objects {
  settings: Record<string, unknown>;
}

const digestOf = (directory: string): string =>
  createHash("sha256")
    .update(readFileSync(join(treeRoot(), directory, "cloudtaser.bpf.o")))
    .digest("hex");

export const ownObjects: Objects = { settings: {} };

export const otherObjects = {
  /** In the guest. */
  path: "/run/other-objects",
  /** Throws where both are the same: then nothing would be tried. */
  get settings(): Record<string, unknown> {
    const digest = digestOf("build/torture/bpf");
    if (digest === digestOf("build/bpf")) throw new Error("both builds of the doors are the same");
    return { objectPath: this.path, objectDigests: { "cloudtaser.bpf.o": digest } };
  },
};
