// SPDX-License-Identifier: Apache-2.0
// Debian's kustomize, unpacked into the cache, never installed: it renders what is below daemonset/.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PrivateApt } from "./apt.js";
import { cached } from "./cache.js";
import { LabError } from "./error.js";
import { runTool } from "./host.js";
import { tool } from "./requirements.js";

/** The first release that has it; the binary is static. */
const suite = "trixie";

/** Fetches and unpacks the package if the cache lacks it. Throws LAB_SOURCE_UNREACHABLE with the way out. */
export async function kustomizeTool(): Promise<string> {
  const dir = await cached(`kustomize/${suite}`, async (unfinished) => {
    const apt = await PrivateApt.open(join(unfinished, "apt"), suite);
    const found = await apt.show("kustomize");
    if (found === undefined) {
      throw new LabError({
        code: "LAB_SOURCE_MISSING",
        about: "the package kustomize",
        cause: `Debian ${suite} does not offer it`,
        fix: "Set CLOUDTASER_DEBIAN_MIRROR to a mirror that carries the release.",
      });
    }
    for (const file of await apt.download([found], join(unfinished, "debs")))
      await runTool([tool("dpkg-deb"), "-x", file, join(unfinished, "root")]);
    for (const rest of ["apt", "debs"]) await rm(join(unfinished, rest), { recursive: true });
  });
  return join(dir, "root/usr/bin/kustomize");
}
