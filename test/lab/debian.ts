// SPDX-License-Identifier: Apache-2.0
// Debian packages that tests need on this machine, unpacked into the cache and never installed.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PrivateApt } from "./apt.js";
import type { LabArch } from "./arch.js";
import { cached } from "./cache.js";
import { LabError } from "./error.js";
import { runTool } from "./host.js";
import { tool } from "./requirements.js";

export const suite = "bookworm";

/** The folder below which the packages lie as in a root directory; fetched if the cache lacks it. What they depend on is
 *  not added. Throws LAB_SOURCE_UNREACHABLE or LAB_SOURCE_MISSING with the way out. */
export async function unpackedPackages(
  entry: string,
  names: readonly string[],
  arch: LabArch = "amd64",
): Promise<string> {
  const dir = await cached(`${entry}/${suite}${arch === "amd64" ? "" : `-${arch}`}`, async (unfinished) => {
    const apt = await PrivateApt.open(join(unfinished, "apt"), suite, arch);
    const found = await Promise.all(names.map((name) => recordOf(apt, name)));
    for (const file of await apt.download(found, join(unfinished, "debs")))
      await runTool([tool("dpkg-deb"), "-x", file, join(unfinished, "root")]);
    for (const rest of ["apt", "debs"]) await rm(join(unfinished, rest), { recursive: true });
  });
  return join(dir, "root");
}

async function recordOf(apt: PrivateApt, name: string) {
  const found = await apt.show(name);
  if (found !== undefined) return found;
  throw new LabError({
    code: "LAB_SOURCE_MISSING",
    about: `the package ${name}`,
    cause: `Debian ${suite} does not offer it`,
    fix: "Set CLOUDTASER_DEBIAN_MIRROR to a mirror that carries the release.",
  });
}
