// SPDX-License-Identifier: Apache-2.0
// What holds for every file of the tree: licence, size, and no trace of one machine.
import { describe, expect, it } from "vitest";
import { trackedFiles } from "../../tools/tree.js";
import { read } from "./sources.js";

const files = trackedFiles();
/** Files whose format has no comment, or whose text is a law of its own. */
const withoutLine =
  /^(LICENSES\/|(packaging\/image\/node\/)?package(-lock)?\.json$|tsconfig\.json$|biome\.json$|binding\.gyp$|test\/bench\/figures\.json$|\.npmrc$|\.gitignore$|daemonset\/hook\/.*\.json$)/;
const generated = /\.gen\.ts$|^package-lock\.json$|^docs\/reference\/|^LICENSES\//;
const source = /\.(ts|mjs|c|h|cc|sh|py)$|^Makefile$|\.mk$/;

/** A regular expression from pieces, so that this file does not hold what it forbids. */
const pieces = (...parts: string[]): RegExp => new RegExp(parts.join(""));

interface Forbidden {
  what: string;
  pattern: RegExp;
  /** Where it may stand all the same. */
  except?: RegExp;
}

const forbidden: readonly Forbidden[] = [
  { what: "a path of a development machine", pattern: pieces("(?<![\\w}\\])/.*-])/", "work\\b") },
  // Inside a guest there is one, and the lab names it.
  { what: "the home of root", pattern: pieces("(?<![\\w}\\])/.*-])/", "root\\b"), except: /^test\/(lab|unit)\// },
  {
    what: "a package archive's host",
    pattern: pieces("deb", "\\.debian\\.org|registry", "\\.npmjs\\.org|archive", "\\.ubuntu\\.com"),
  },
];

describe("every file", () => {
  it("is there to be looked at", () => {
    expect(files.length).toBeGreaterThan(150);
  });

  it("names its licence in one of its first two lines", () => {
    const lacking = files.filter(
      (path) =>
        !withoutLine.test(path) && !read(path).split("\n").slice(0, 2).join("\n").includes("SPDX-License-Identifier: "),
    );
    expect(lacking).toEqual([]);
  });

  it("has the licence of its room", () => {
    const wrong = files.filter((path) => {
      const [, licence] = /SPDX-License-Identifier: ([^*\n]*?)(?:\s*\*\/|\s*-->|\.?[\s"]*)$/m.exec(read(path)) ?? [];
      if (withoutLine.test(path) || licence === undefined) return false;
      const wanted = path.startsWith("bpf/") ? "GPL-2.0-only OR BSD-2-Clause" : "Apache-2.0";
      return !path.endsWith(".bpf.c") && !licence.startsWith(wanted);
    });
    expect(wrong).toEqual([]);
  });

  it("stays below three hundred lines unless it is generated", () => {
    const long = files
      .filter((path) => source.test(path) && !generated.test(path))
      .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  it.each(forbidden)("holds not $what", ({ pattern, except }) => {
    // The lock file says where each package was fetched; npm writes it and rewrites the host at install.
    const found = files
      .filter((path) => path !== "package-lock.json" && !except?.test(path))
      .flatMap((path) =>
        read(path)
          .split("\n")
          .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });
});
