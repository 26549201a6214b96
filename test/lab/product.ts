// SPDX-License-Identifier: Apache-2.0
// Read-only disks for the guest: the product as it stands in the tree, made anew for each guest, and the npm packages that
// it has at run time (none of those it is built with), made once for each lock file.

import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { archFacts, type LabArch } from "./arch.js";
import { cached, shortHash } from "./cache.js";
import { makeImage } from "./disk.js";
import { LabError } from "./error.js";
import { say, treeRoot } from "./host.js";

/** What must exist in the tree, and what is taken along if it does; `to` is below /opt/cloudtaser. */
const pieces = (arch: LabArch): readonly { from: string; to: string; needed: boolean }[] => {
  const { build, command } = archFacts[arch];
  return [
    { from: "package.json", to: "package.json", needed: true },
    { from: command, to: "dist/bin", needed: true },
    { from: `${build}/bpf`, to: "build/bpf", needed: true },
    { from: `${build}/Release/cloudtaser.node`, to: "build/Release/cloudtaser.node", needed: true },
    { from: `${build}/cloudtaser-canary`, to: "build/cloudtaser-canary", needed: true },
    { from: "prebuilds", to: "prebuilds", needed: false },
    { from: `${build}/triggers`, to: "build/triggers", needed: false },
    { from: "build/demo", to: "demo", needed: false },
  ];
};

/** Stages the product below `work` and returns the image's path. With `needed` false, what is missing is only noted. */
export async function productImage(work: string, needed: boolean, arch: LabArch = "amd64"): Promise<string> {
  const tree = treeRoot();
  const root = join(work, "product");
  // The packages' own disk is mounted here.
  await mkdir(join(root, "node_modules"), { recursive: true });
  const all = pieces(arch);
  const missing = all.filter((piece) => !existsSync(join(tree, piece.from)));
  const absent = missing.filter((piece) => piece.needed).map((piece) => piece.from);
  if (absent.length > 0 && needed) throw notBuilt(absent);
  if (absent.length > 0) say(`note: the guest goes without what is not built: ${absent.join(", ")}`);
  for (const piece of all) {
    if (!missing.includes(piece)) await copyInto(join(tree, piece.from), join(root, piece.to));
  }
  // The short way for tests; the selftest looks where an installation has them.
  await symlink("build/triggers", join(root, "triggers"));
  const image = join(work, "product.img");
  await makeImage(root, image, "product");
  return image;
}

/** An image of node_modules, or undefined if nothing is installed and nothing is needed. */
export async function packagesImage(needed: boolean): Promise<string | undefined> {
  const tree = treeRoot();
  const lockFile = await readFile(join(tree, "package-lock.json"), "utf8");
  const paths = runtimePackages(lockFile);
  const absent = paths.filter((path) => !existsSync(join(tree, path)));
  if (absent.length > 0 && needed) throw notBuilt(absent);
  if (absent.length > 0) {
    say("note: the guest goes without npm packages, they are not installed");
    return undefined;
  }
  const dir = await cached(`packages/${shortHash(lockFile)}`, async (unfinished) => {
    const root = join(unfinished, "root");
    for (const path of paths)
      await copyInto(join(tree, path), join(unfinished, "root", path.slice("node_modules/".length)));
    await makeImage(root, join(unfinished, "packages.img"), "packages");
    await rm(root, { recursive: true });
  });
  return join(dir, "packages.img");
}

async function copyInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const filter = (path: string): boolean => !path.endsWith("/triggers/obj");
  await cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter });
}

/** Folders of node_modules that are there at run time: everything in the lock file that is not marked for development. */
export function runtimePackages(lockFile: string): string[] {
  const lock = JSON.parse(lockFile) as { packages?: Record<string, { dev?: boolean; devOptional?: boolean }> };
  return Object.entries(lock.packages ?? {})
    .filter(([path, entry]) => path.startsWith("node_modules/") && !entry.dev && !entry.devOptional)
    .map(([path]) => path);
}

function notBuilt(paths: readonly string[]): LabError {
  return new LabError({
    code: "LAB_PRODUCT_MISSING",
    about: paths.join(", "),
    cause: "not in the tree, so the product cannot be put into the guest",
    fix: "Build it with make (for arm64: make cross-arm64), or boot without the product (--no-product).",
  });
}
