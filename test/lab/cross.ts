// SPDX-License-Identifier: Apache-2.0
// What cross-compiling the addon for arm64 needs, from the cache: "node" or "sysroot" as the one argument prints where its
// headers lie. Nothing is installed on this machine.

import { join } from "node:path";
import { unpackedPackages } from "./debian.js";
import { foreignNodePackage } from "./node.js";
import { requireTools } from "./requirements.js";

requireTools("arm64");
const headers = async (): Promise<string> => join(await foreignNodePackage(), "include/node");
const sysroot = (): Promise<string> => unpackedPackages("sysroot", ["libbpf1", "libbpf-dev"], "arm64");

try {
  process.stdout.write(`${await (process.argv[2] === "node" ? headers() : sysroot())}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
