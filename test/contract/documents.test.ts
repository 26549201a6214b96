// SPDX-License-Identifier: Apache-2.0
// Documents say what is: generated files are current, targets, commands, files and links that they name exist.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fixedKeys } from "../../src/agent/fixed.js";
import { configSchema } from "../../src/config/schema.js";
import { doorNames } from "../../src/kernel/doors.js";
import { metricNames } from "../../src/metrics/index.js";
import { vectorEntry, vectorNames } from "../../src/vectors/index.js";
import { mayImport } from "../../tools/imports.js";
import { references } from "../../tools/references/index.js";
import { filesBelow, trackedFiles } from "../../tools/tree.js";
import { read } from "./sources.js";

const documents = trackedFiles().filter((path) => path.endsWith(".md"));
const generated = await references();

describe("generated references", () => {
  it.each([...generated.keys()])("%s is what `make generate` would write", (path) => {
    expect(read(path)).toBe(generated.get(path));
  });

  it("hold every metric", () => {
    for (const name of metricNames) expect(read("docs/reference/metrics.md")).toContain(`| \`${name}\` |`);
  });
});

describe("documents", () => {
  const targets = new Set(
    ["Makefile", "packaging/cross.mk"].flatMap((path) =>
      [...read(path).matchAll(/^([a-z][a-z0-9-]*):/gm)].map((match) => match[1]),
    ),
  );

  it("are there", () => {
    for (const path of [
      "README.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "LICENSE",
      "docs/ARCHITECTURE.md",
    ]) {
      expect(documents.includes(path) || existsSync(path), path).toBe(true);
    }
  });

  it("name only targets that the Makefile has", () => {
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(/(?:`|^ {4}|^)(?:[A-Z]+=\S+ )*make ([a-z][a-z0-9-]*)\b/gm)].map(
        (match) => `${path}: ${match[1]}`,
      ),
    );
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((one) => !targets.has(one.split(": ")[1] ?? ""))).toEqual([]);
  });

  it("name only subcommands that the program has", () => {
    const sources = filesBelow("src/cli").map(read).join("\n");
    const commands = new Set([...sources.matchAll(/\.command\(\s*"([a-z]+)/g)].map((match) => match[1]));
    expect(commands.size).toBeGreaterThan(5);
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(/(?:`|^ *(?:sudo )?)cloudtaser ([a-z]+)\b/gm)].map((match) => `${path}: ${match[1]}`),
    );
    expect(named.filter((one) => !commands.has(one.split(": ")[1] ?? ""))).toEqual([]);
  });

  it("show only configurations that the agent accepts", () => {
    const examples = documents.flatMap((path) =>
      [...read(path).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((match) => ({ path, text: match[1] ?? "" })),
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const { path, text } of examples) {
      const { error } = configSchema.safeParse(parse(text));
      expect(error, path).toBeUndefined();
    }
  });

  it("link only to files and headings that exist", () => {
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1] ?? "")
        .filter((link) => !/^[a-z]+:/.test(link) && !reaches(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

describe("lists and numbers that no generator writes", () => {
  const column = (path: string, from: string, to: string): string =>
    read(path)
      .split(from)[1]
      ?.split(to)[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split("|")[1])
      .join("\n") ?? "";

  it("the threat model has each vector in one row", () => {
    const rows = column("docs/THREAT-MODEL.md", "## What it stops", "## What it does not stop yet");
    const named = [...rows.matchAll(/\[`([a-z_]+)`\]/g)].map(([, name]) => name);
    expect(named.sort()).toEqual([...vectorNames].sort());
  });

  it("each requirement that an event is evidence for has a row", () => {
    const rows = column("docs/COMPLIANCE.md", "## Requirements that events", "## Requirements that other parts");
    const requirements = rows.split("\n").map((cell) => cell.trim());
    const known = new Set(vectorNames.flatMap((name) => [...vectorEntry(name).compliance]));
    expect(requirements.filter((one) => one !== "Requirement").sort()).toEqual([...known].sort());
  });

  it("the architecture names each room", () => {
    const rows = column("docs/ARCHITECTURE.md", "## Rooms", "Imports run one way");
    for (const room of Object.keys(mayImport)) expect(rows).toContain(`\`src/${room}\``);
  });

  it("the configuration reference marks what needs a restart, as a reload names it", () => {
    const keys = new Set(
      [...read("docs/reference/configuration.md").matchAll(/^\| `([\w.]+)` .*\*\*At a restart\.\*\* \|$/gm)].map(
        ([, key]) => key,
      ),
    );
    expect(fixedKeys.length).toBeGreaterThan(9);
    for (const name of fixedKeys) expect(keys).toContain(name);
  });

  it("README counts vectors and alerts as they are, CHANGELOG doors", () => {
    const rules = read("daemonset/monitoring/rules.yaml").match(/^ *- alert: /gm)?.length;
    expect(read("README.md")).toContain(` ${vectorNames.length} [vectors](`);
    expect(read("README.md")).toContain(` ${rules} [alert rules with what to do](`);
    expect(read("CHANGELOG.md")).toContain(`- ${doorNames.length} doors `);
  });
});

function reaches(from: string, link: string): boolean {
  const [file = "", heading] = link.split("#");
  const target = file === "" ? from : join(dirname(from), file);
  if (!existsSync(target)) return false;
  if (heading === undefined) return true;
  const anchors = [...read(target).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
  return anchors.includes(heading.toLowerCase());
}
