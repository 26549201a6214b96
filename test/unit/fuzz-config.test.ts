// SPDX-License-Identifier: Apache-2.0
// A right configuration with something changed in it: refused with a place, or accepted with nothing changed but that.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Config, loadConfig } from "../../src/config/index.js";
import { CloudtaserError } from "../../src/errors/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-fuzz-config-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "config.yaml");

/** With something of every kind in it. */
const right = {
  mode: "enforce",
  kill: true,
  nodeName: "node-1",
  vectors: {
    ptrace_attach: { mode: "detect", allow: [{ exe: "/usr/bin/gdb", uid: 0 }] },
    chan_splice: { mode: "open" },
  },
  allow: [{ cgroup: "/sys/fs/cgroup/system.slice" }],
  leaks: { scanLimit: "64KiB", beyond: "refuse" },
  hardening: { swap: false },
  form: "lsm",
  objectPath: "/opt/objects",
  objectDigests: { "cloudtaser.bpf.o": "ab".repeat(32) },
  health: { listen: "[::1]:9090" },
  control: { socket: "/run/c.sock", group: "wheel" },
  canary: { interval: 5 },
  events: { stdout: false, file: { path: "/var/log/e", rotate: { maxBytes: 1_000_000, keep: 3 } } },
  sinks: [{ name: "a", file: { path: "/var/log/a" }, format: "ecs" }],
  workloads: [
    { name: "w", unit: "w.service", mode: "detect", egress: ["10.0.0.0/8:5432"], vectors: { proc_fd: { kill: true } } },
    { name: "v", cgroups: ["/sys/fs/cgroup/v*"] },
  ],
};

type Key = string | number;

function pathsOf(value: unknown, path: readonly Key[] = []): (readonly Key[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys: Key[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  const inner = keys.flatMap((key) => pathsOf((value as Record<Key, unknown>)[key], [...path, key]));
  return path.length === 0 ? inner : [path, ...inner];
}

/** What stands at a path replaced, taken out, or given a neighbour. */
type Change = { path: readonly Key[]; how: "replace" | "remove" | "rename" | "add"; value: unknown; key: string };

function changed({ path, how, value, key }: Change): unknown {
  const copy = structuredClone(right) as Record<Key, unknown>;
  let parent: Record<Key, unknown> = copy;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<Key, unknown>;
  const last = path.at(-1) ?? "";
  const before = parent[last];
  if (how === "remove" || how === "rename") {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
  }
  if (how === "replace") parent[last] = value;
  else if (how !== "remove") {
    if (Array.isArray(parent)) parent.push(value);
    else Object.defineProperty(parent, key, { value: how === "rename" ? before : value, enumerable: true });
  }
  return copy;
}

const changes = fc.record({
  path: fc.constantFrom(...pathsOf(right)),
  how: fc.constantFrom("replace", "remove", "rename", "add") as fc.Arbitrary<Change["how"]>,
  value: fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      "",
      "on",
      "off",
      "true",
      0,
      -1,
      1e308,
      2 ** 53,
      null,
      [],
      {},
      "/",
      "\0",
      "detect",
      "enforce",
      "\u202e",
    ),
    fc.string({ unit: "binary" }),
  ),
  key: fc.oneof(fc.constantFrom("__proto__", "constructor", "mode", "kill", "toString", "0", ""), fc.string()),
});

function load(text: string): Config | CloudtaserError {
  writeFileSync(file, text);
  try {
    return loadConfig({ file });
  } catch (error) {
    if (error instanceof CloudtaserError) return error;
    throw error;
  }
}

const base = load(stringify(right));

describe("a configuration", () => {
  it("is right to begin with", () => {
    expect(base instanceof CloudtaserError ? base.message : "").toBe("");
  });

  it("with one change is refused with its place, or differs in that alone", () => {
    let accepted = 0;
    fc.assert(
      fc.property(changes, (change) => {
        const result = load(JSON.stringify(changed(change)));
        if (result instanceof CloudtaserError) {
          expect(result.code).toMatch(/^CONFIG_/);
          expect(result.target.startsWith(file)).toBe(true);
          expect(result.help).not.toBe("");
          return;
        }
        accepted++;
        const own = change.path.length === 1 ? [String(change.path[0]), change.key] : [String(change.path[0])];
        for (const key of Object.keys(base) as (keyof Config)[]) {
          if (!own.includes(key)) expect(result[key], key).toEqual((base as Config)[key]);
        }
        expect(Object.keys(result).every((key) => key in base || own.includes(key))).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it("whose text is cut, doubled or spoiled throws nothing but its own errors", () => {
    const text = stringify(right);
    const spots = fc.tuple(
      fc.nat({ max: text.length }),
      fc.nat({ max: 40 }),
      fc.string({ unit: "binary", maxLength: 12 }),
    );
    const marks = fc.constantFrom(
      "&a ",
      "*a",
      "<<: ",
      "!!",
      "? ",
      "- ",
      "|\n",
      "{",
      "[",
      "---\n",
      "%YAML 1.1\n",
      "\t",
      "\ufeff",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(spots, marks, fc.boolean()), { minLength: 1, maxLength: 4 }), (edits) => {
        let spoiled = text;
        for (const [[from, length, some], mark, plain] of edits) {
          spoiled = spoiled.slice(0, from) + (plain ? mark : some) + spoiled.slice(from + length);
        }
        const result = load(spoiled);
        if (result instanceof CloudtaserError) expect(result.target.startsWith(file)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [
      "aliases of aliases",
      `${Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1}, *a${i - 1}` : "x"}]`).join("\n")}\n`,
    ],
    ["brackets without end", "[".repeat(20_000)],
    ["deep indentation", Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["a very long line", `mode: ${"x".repeat(3_000_000)}`],
    ["very many keys", Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["very many workloads", `workloads: [${"{name: a}, ".repeat(20_000)}]`],
    ["a very long allow list", `allow: [${"{exe: /a}, ".repeat(50_000)}1]`],
  ])("of %s is refused in bounded time", (_, text) => {
    const before = process.cpuUsage();
    expect(load(text)).toBeInstanceOf(CloudtaserError);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(10);
  });
});
