// SPDX-License-Identifier: Apache-2.0
// The code caches of the build are those that the installed command takes: by its Node, under its flags. One that is not
// taken does no harm but that each start is slower.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { treeRoot } from "../lab/host.js";

const at = (...parts: string[]): string => join(treeRoot(), ...parts);
const flagIn = (file: string): string | undefined =>
  /--max-semi-space-size=\d+/.exec(readFileSync(at(file), "utf8"))?.[0];

/** Loads all files of the command as its starts do; those whose cache is refused. */
function refused(flags: string[]): { files: number; refused: string[] } {
  const script = `
    const { Bundle } = await import(${JSON.stringify(at("dist/src/cli/code-cache.js"))});
    const { readdirSync } = await import("node:fs");
    const directory = ${JSON.stringify(at("dist/bin"))};
    process.argv.splice(1, Infinity, "cloudtaser", "--version");
    const bundle = new Bundle(directory);
    bundle.load("command.cjs");
    for (const name of readdirSync(directory).filter((one) => one.endsWith(".cache"))) bundle.load(name.slice(0, -6));
    console.log("\\n" + JSON.stringify({ files: bundle.scripts.size, refused: bundle.refused() }));`;
  const args = [...flags, "--input-type=module", "-e", script];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8", env: {} });
  const line = printed.split("\n").find((one) => one.startsWith("{"));
  return JSON.parse(line ?? "") as { files: number; refused: string[] };
}

describe("code caches", () => {
  const places = ["Makefile", "packaging/cloudtaser.sh", "native/launch/launch.c", "test/lab/rootfs.ts"];

  it("are made under the flags of every start", () => {
    const flags = places.map(flagIn);
    expect(flags[0]).toBeDefined();
    expect(new Set(flags).size).toBe(1);
  });

  it("are there for each file of the command, and taken", () => {
    const names = readdirSync(at("dist/bin"));
    const files = names.filter((name) => name.endsWith(".cjs") && !/^(cloudtaser|hook)/.test(name));
    expect(files.length).toBeGreaterThan(10);
    expect(names.filter((name) => name.endsWith(".cache")).sort()).toEqual(files.map((one) => `${one}.cache`).sort());
    expect(refused([flagIn("Makefile") ?? ""])).toEqual({ files: files.length, refused: [] });
  });

  it("are refused under other flags, and the command runs all the same", () => {
    const found = refused(["--max-semi-space-size=2"]);
    expect(found.refused.length).toBe(found.files);
    const version = execFileSync(process.execPath, [at("dist/bin/cloudtaser.cjs"), "--version"], { encoding: "utf8" });
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });
});
