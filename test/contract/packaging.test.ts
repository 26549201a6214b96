// SPDX-License-Identifier: Apache-2.0
// What is installed: the unit as systemd reads it, the same privileges as in a cluster, files that belong together, and a
// bill of materials that names what is bundled.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.js";
import { capabilities, mounts, unitCapabilities } from "../../tools/manifests/privileges.js";
import { bill, debianComponents, nodeFound, nodePinned, npmComponents } from "../../tools/sbom.js";
import { read } from "./sources.js";

const directory = mkdtempSync(join(tmpdir(), "ct-packaging-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const unit = read("packaging/systemd/cloudtaser.service");
const valuesOf = (key: string): string[] =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);

describe("the unit", () => {
  const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;

  it.skipIf(!analyze)("is one that systemd takes without a word", () => {
    const root = join(directory, "root");
    const put = (path: string, text: string, mode = 0o644): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      chmodSync(join(root, path), mode);
    };
    put("/usr/bin/cloudtaser", read("packaging/cloudtaser.sh"), 0o755);
    put("/usr/lib/systemd/system/cloudtaser.service", unit);
    for (const target of ["sysinit", "basic", "shutdown", "multi-user", "local-fs"])
      put(`/usr/lib/systemd/system/${target}.target`, "[Unit]\nDescription=x\n");
    const verify = (text: string) => {
      put("/usr/lib/systemd/system/cloudtaser.service", text);
      const args = ["verify", "--root", root, "--man=no", "cloudtaser.service"];
      const { stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
      return `${stdout}${stderr}`.split("\n").filter((line) => line.includes("cloudtaser"));
    };
    expect(verify(unit)).toEqual([]);
    expect(verify(unit.replace("WatchdogSec=60", "WatchdogSecs=60")).join()).toMatch(/Unknown key/);
  });

  it("waits for READY, watches the loop, and reloads by asking", () => {
    expect(valuesOf("Type")).toEqual(["notify"]);
    expect(valuesOf("ExecReload")).toEqual(["/usr/bin/cloudtaser reload"]);
    expect(Number(valuesOf("WatchdogSec")[0])).toBeGreaterThanOrEqual(30);
  });

  it("has what a cluster's agent has, and what selftests need beside it", () => {
    const bounding = valuesOf("CapabilityBoundingSet").flatMap((line) => line.split(" "));
    for (const { name } of capabilities) expect(bounding).toContain(`CAP_${name}`);
    const more = bounding.filter((name) => !capabilities.some((one) => `CAP_${one.name}` === name));
    expect(more).toEqual(unitCapabilities.flatMap(({ names }) => names).map((one) => `CAP_${one}`));
    expect(valuesOf("NoNewPrivileges")).toEqual(["yes"]);
    expect(valuesOf("ProtectSystem")).toEqual(["strict"]);
  });

  it("makes the directories that the configuration's defaults name", () => {
    const { control, stateDirectory } = loadConfig({ env: {}, flags: {} });
    expect(dirname(control.socket)).toBe(`/run/${valuesOf("RuntimeDirectory")[0]}`);
    expect(stateDirectory).toBe(`/var/lib/${valuesOf("StateDirectory")[0]}`);
    expect(valuesOf("RuntimeDirectoryPreserve")).toEqual(["yes"]);
  });
});

describe("the configuration that is installed", () => {
  it("is taken, and writes where the unit lets it", () => {
    const config = loadConfig({ file: "packaging/config.yaml", env: {} });
    expect(config.mode).toBe("detect");
    expect(config.events.file?.path.startsWith("/var/log/cloudtaser/")).toBe(true);
    expect(valuesOf("ReadWritePaths")).toContain("/var/log");
  });
});

describe("the documents that are installed", () => {
  it("are what README links to, but for the tree's own", () => {
    const made = read("packaging/packaging.mk");
    const installed = [...made.matchAll(/(?:-m 0644|ownership) (.*) \$\(DOCUMENTS\)\//g)].flatMap(([, names = ""]) =>
      names.split(" "),
    );
    const links = [...read("README.md").matchAll(/\]\(([A-Za-z][^)#\s:]*)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(20);
    const missing = links.filter((link) => !installed.includes(link.split("/")[0] ?? ""));
    expect([...new Set(missing)]).toEqual(["test/lab/README.md"]);
    expect(installed).toContain("daemonset");
  });
});

describe("scripts", () => {
  it.each([
    ["packaging/cloudtaser.sh", "sh"],
    ["packaging/debian/postinst", "sh"],
    ["packaging/debian/prerm", "sh"],
    ["packaging/debian/postrm", "sh"],
    ["packaging/debian/build.sh", "bash"],
    ["packaging/image/build.sh", "bash"],
    ["packaging/image/rootfs.sh", "sh"],
  ])("%s is one that %s takes", (path, shell) => {
    execFileSync(shell, ["-n", path]);
  });

  it("start the command with its own Node, or the system's", () => {
    const root = join(directory, "own");
    const script = join(directory, "cloudtaser");
    mkdirSync(join(root, "dist/bin"), { recursive: true });
    writeFileSync(script, read("packaging/cloudtaser.sh").replace("/usr/lib/cloudtaser", root));
    writeFileSync(join(root, "dist/bin/cloudtaser.cjs"), "console.log(process.argv.slice(2).join('|'))");
    const run = () => execFileSync("sh", [script, "a b", "c"], { encoding: "utf8" }).trim();
    expect(run()).toBe("a b|c");
    writeFileSync(join(root, "node"), '#!/bin/sh\necho own "$1" "$3"\n', { mode: 0o755 });
    expect(run()).toBe("own --max-semi-space-size=4 a b");
  });
});

describe("the image", () => {
  const file = read("packaging/image/Containerfile");
  const last = file.slice(file.lastIndexOf("\nFROM"));

  it("ends from nothing, with the launcher and no shell", () => {
    expect(last).toMatch(/^\nFROM scratch\n/);
    expect(last).not.toMatch(/^RUN/m);
    expect(last).toContain('ENTRYPOINT ["/usr/bin/cloudtaser"]');
    expect(read("packaging/image/rootfs.sh")).not.toMatch(/install .*\/(bash|dash|sh|busybox)\b/);
  });

  it("has a mount point for whatever the daemon set mounts", () => {
    const made = /for directory in (.*); do/.exec(read("packaging/image/rootfs.sh"))?.[1]?.split(" ") ?? [];
    const within = (path: string): boolean => made.some((one) => path === `/${one}` || path.startsWith("/sys/"));
    for (const { path } of mounts) expect(within(path), path).toBe(true);
    expect(made).toContain("etc/cloudtaser");
  });

  it("is started by what keeps its executable where the manifests mount the state", () => {
    const launch = read("native/launch/launch.c");
    const heap = /--max-semi-space-size=\d+/.exec(read("packaging/cloudtaser.sh"))?.[0];
    expect(launch, "with the same heap as on a host").toContain(`"${heap}"`);
    expect(read("test/matrix/field.ts"), "and as it is tested").toContain(`NODE_OPTIONS=${heap} `);
    expect(launch).toContain(`#define LAUNCH_STATE "${mounts.find(({ name }) => name === "state")?.path}"`);
    expect(read("packaging/packaging.mk")).toContain("LIBRARY := $(DESTDIR)/usr/lib/cloudtaser");
    expect(launch).toContain('#define LAUNCH_ROOT "/usr/lib/cloudtaser"');
  });
});

describe("the bill of materials", () => {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const parts = npmComponents(lock);

  it("names every package that the bundle holds, and none that only builds it", () => {
    const names = parts.map(({ name }) => name);
    for (const name of Object.keys(JSON.parse(read("package.json")).dependencies)) expect(names).toContain(name);
    // Its headers are in the addon.
    const inAddon = ["node-addon-api"];
    for (const name of Object.keys(JSON.parse(read("package.json")).devDependencies)) {
      expect(names.includes(name), name).toBe(inAddon.includes(name));
    }
    for (const { licenses, hashes, version } of parts) {
      expect(licenses).toHaveLength(1);
      expect(hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
      expect(version).toMatch(/^\d/);
    }
  });

  it("has a reference of its own for each part", () => {
    const debian = debianComponents("libbpf1 1:1.1.2-0+deb12u1 amd64\nlibstdc++6 12.2.0-14 amd64\n\n");
    expect(debian.map(({ purl }) => purl)).toEqual([
      "pkg:deb/debian/libbpf1@1%3A1.1.2-0%2Bdeb12u1?arch=amd64",
      "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64",
    ]);
    const { components, bomFormat, specVersion } = bill(
      { name: "cloudtaser", version: "0.1.0" },
      nodeFound("24.1.0", Buffer.from("abc")),
      [...parts, ...debian],
    );
    expect({ bomFormat, specVersion }).toEqual({ bomFormat: "CycloneDX", specVersion: "1.5" });
    expect(new Set(components.map((part) => part["bom-ref"])).size).toBe(components.length);
    expect(components[0]).toMatchObject({ name: "node", version: "24.1.0" });
    expect(components[0]?.hashes?.[0]?.content).toMatch(/^ddaf35a193617aba[0-9a-f]{112}$/);
  });

  it("names the Node of the image with the hash of its package, and no other than the one that runs", () => {
    const pins = JSON.parse(read("packaging/image/node/package-lock.json"));
    for (const arch of ["x64", "arm64"]) {
      const { version, integrity } = pins.packages[`node_modules/node-linux-${arch}`];
      const content = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
      expect(nodePinned(pins, arch, version)).toMatchObject({
        type: "platform",
        purl: `pkg:npm/node-linux-${arch}@${version}`,
        hashes: [{ alg: "SHA-512", content }],
      });
      expect(() => nodePinned(pins, arch, "24.0.0")).toThrow(`pinned to ${version}, and 24.0.0 runs`);
    }
    expect(() => nodePinned(pins, "riscv64", "24.0.0")).toThrow("node-linux-riscv64 is not pinned");
    expect(read("packaging/image/Containerfile")).toMatch(
      /sbom\.js --debian --node packaging\/image\/node\/package-lock\.json >/,
    );
  });
});
