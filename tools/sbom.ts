// SPDX-License-Identifier: Apache-2.0
// What the product is made of, as CycloneDX 1.5: packages that are bundled into it, Node, and with --debian the libraries of
// the machine that it is linked to. Usage: sbom [--debian] [--node LOCK], from the root of the tree: the Node is the one
// that runs this, with the hash of its binary; with --node it must be the one that the lock file pins, whose hash is its package's.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export interface Component {
  type: "library" | "platform" | "application";
  name: string;
  version: string;
  purl: string;
  licenses?: { license: { id: string } }[] | { expression: string }[];
  hashes?: { alg: "SHA-512"; content: string }[];
}

export interface LockEntry {
  version?: string;
  license?: string;
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
}

const licensesOf = (license: string | undefined): Pick<Component, "licenses"> => {
  if (license === undefined) return {};
  return { licenses: / (AND|OR|WITH) /.test(license) ? [{ expression: license }] : [{ license: { id: license } }] };
};

export interface Lock {
  packages: Readonly<Record<string, LockEntry>>;
}

/** Headers that become part of the addon. */
const compiledIn = ["node_modules/node-addon-api"];

/** Packages that are parts of the product, by path; those that are only used to build it are not. */
export function partsOf(lock: Lock): [path: string, entry: LockEntry][] {
  return Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && (!dev || compiledIn.includes(path)));
}

export const nameOf = (path: string): string => path.split("node_modules/").at(-1) ?? "";

export function npmComponents(lock: Lock): Component[] {
  return partsOf(lock).flatMap(([path, { version, license, integrity }]): Component[] => {
    const name = nameOf(path);
    if (version === undefined) return [];
    const sha512 = /^sha512-(\S+)$/.exec(integrity ?? "")?.[1];
    const content = sha512 === undefined ? undefined : Buffer.from(sha512, "base64").toString("hex");
    return [
      {
        type: "library",
        name,
        version,
        purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
        ...licensesOf(license),
        ...(content === undefined ? {} : { hashes: [{ alg: "SHA-512", content }] }),
      },
    ];
  });
}

/** @param text lines "NAME VERSION ARCHITECTURE", as dpkg-query writes them */
export function debianComponents(text: string): Component[] {
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .filter((fields) => fields.length === 3)
    .map(([name = "", version = "", architecture = ""]) => ({
      type: "library",
      name,
      version,
      purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
    }));
}

/** A Node that nothing pins, by its binary. */
export function nodeFound(version: string, binary: Buffer): Component {
  return {
    type: "platform",
    name: "node",
    version,
    purl: `pkg:generic/node@${version}`,
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-512", content: createHash("sha512").update(binary).digest("hex") }],
  };
}

/** The Node that a lock file pins for a processor. Throws if it pins none, or another version than the one that runs. */
export function nodePinned(lock: Lock, arch: string, running: string): Component {
  const name = `node-linux-${arch}`;
  const found = npmComponents(lock).find((part) => part.name === name);
  if (found?.hashes === undefined) throw new Error(`${name} is not pinned`);
  if (found.version !== running) throw new Error(`${name} is pinned to ${found.version}, and ${running} runs`);
  return { ...found, type: "platform" };
}

export function bill(product: { name: string; version: string }, node: Component, parts: readonly Component[]) {
  const { name, version } = product;
  const purl = `pkg:generic/${name}@${version}`;
  const own: Component = { type: "application", name, version, purl, ...licensesOf("Apache-2.0") };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: own },
    components: [node, ...parts].map((part) => ({ "bom-ref": part.purl, ...part })),
  };
}

/** Libraries that node and the addon name, and theirs. */
const libraries = ["libc6", "libstdc++6", "libgcc-s1", "libbpf1", "libelf1", "zlib1g"];

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
  const parts = npmComponents(read("package-lock.json") as Lock);
  if (process.argv.includes("--debian")) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own form.
    const form = "${Package} ${Version} ${Architecture}\n";
    parts.push(...debianComponents(execFileSync("dpkg-query", ["-W", "-f", form, ...libraries], { encoding: "utf8" })));
  }
  const product = read("package.json") as { name: string; version: string };
  const lock = process.argv[process.argv.indexOf("--node") + 1] ?? "";
  const node = process.argv.includes("--node")
    ? nodePinned(read(lock) as Lock, process.arch, process.versions.node)
    : nodeFound(process.versions.node, readFileSync(process.execPath));
  process.stdout.write(`${JSON.stringify(bill(product, node, parts), null, 2)}\n`);
}
