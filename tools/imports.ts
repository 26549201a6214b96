// SPDX-License-Identifier: Apache-2.0
// The one-way import rule as a table and a function that finds what breaks it. Text is enough: biome keeps every import
// in one of three shapes.

/** Room → rooms it may import. Values and types alike. */
export const mayImport = {
  vectors: [],
  errors: [],
  log: ["errors"],
  keys: [],
  formats: ["vectors", "errors"],
  config: ["vectors", "formats", "keys", "errors", "log"],
  kernel: ["vectors", "errors", "log"],
  scope: ["vectors", "config", "errors", "log"],
  secrets: ["config", "errors", "log"],
  kubernetes: ["vectors", "config", "errors", "log"],
  pipeline: ["vectors", "formats", "config", "errors", "log"],
  evidence: ["vectors", "formats", "keys", "errors", "log"],
  sinks: ["vectors", "formats", "config", "errors", "log"],
  metrics: ["vectors", "errors", "log"],
  control: ["vectors", "formats", "config", "keys", "errors", "log"],
  selftest: ["control", "vectors", "errors", "log"],
  agent: [
    "selftest",
    "kernel",
    "scope",
    "secrets",
    "kubernetes",
    "pipeline",
    "evidence",
    "sinks",
    "metrics",
    "control",
    "vectors",
    "formats",
    "config",
    "keys",
    "errors",
    "log",
  ],
  cli: [
    "agent",
    "selftest",
    "control",
    "kernel",
    "scope",
    "secrets",
    "evidence",
    "vectors",
    "formats",
    "config",
    "keys",
    "errors",
    "log",
  ],
} as const satisfies Record<string, readonly string[]>;

type Room = keyof typeof mayImport;

/** Rooms whose types another room may name without importing a value: they get the thing itself as a parameter. */
const mayImportTypes: Readonly<Partial<Record<Room, readonly string[]>>> = { control: ["kernel"] };

/** Files that other rooms may import beside a room's index: what they hold loads nothing else. */
const sideDoors = new Set(["control/protocol", "control/client", "kernel/native"]);

/** Imports single files of the other rooms, so that a command does not pay for what it does not use. */
const byFile = "cli";

/** The only file that may load the addon. */
const addonLoader = "src/kernel/load-native.ts";

/** Runs the bundle, that file in it among others. */
const bundleLoader = "src/cli/code-cache.ts";

export interface Import {
  line: number;
  specifier: string;
  typeOnly: boolean;
}

export interface Breach {
  file: string;
  line: number;
  problem: string;
}

const statement =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w*${},\s]+?\s+from\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;

export function importsOf(text: string): Import[] {
  return [...text.matchAll(statement)].map((match) => ({
    line: text.slice(0, match.index + match[0].search(/\S/)).split("\n").length,
    specifier: match[2] ?? match[3] ?? "",
    typeOnly: match[1] !== undefined,
  }));
}

/** "src/agent/agent.ts" + "../kernel/index.js" → "src/kernel/index.ts" */
function resolve(file: string, specifier: string): string {
  const path = new URL(specifier, `file:///${file}`).pathname.slice(1);
  return path.replace(/\.js$/, ".ts");
}

const isRoom = (name: string | undefined): name is Room => name !== undefined && Object.hasOwn(mayImport, name);

function breachOf(file: string, { specifier, typeOnly }: Import): string | undefined {
  const from = file.split("/")[1];
  if (!isRoom(from)) return `src/${from} is not in the table of rooms in tools/imports.ts`;
  if (!specifier.startsWith(".")) return undefined;
  const target = resolve(file, specifier);
  const [top, to] = target.split("/");
  if (top !== "src") return `src may not import ${target}`;
  if (to === from) return undefined;
  const allowed: readonly string[] = [...mayImport[from], ...(typeOnly ? (mayImportTypes[from] ?? []) : [])];
  if (!isRoom(to) || !allowed.includes(to)) return `${from} may not import ${typeOnly ? "types of " : ""}${to}`;
  const inside = target.slice("src/".length, -".ts".length);
  if (from !== byFile && inside !== `${to}/index` && !sideDoors.has(inside))
    return `${from} must import ${to} by its index, not ${inside}`;
  return undefined;
}

const loadsAddon = /\bcreateRequire\b|\bprocess\.dlopen\b|\.node["'`]/;

/** @param files path in the tree → text; only those below src/ are judged */
export function findBreaches(files: ReadonlyMap<string, string>): Breach[] {
  const breaches: Breach[] = [];
  const edges = new Map<string, string[]>();
  for (const [file, text] of files) {
    if (!file.startsWith("src/")) continue;
    const imports = importsOf(text);
    for (const one of imports) {
      const problem = breachOf(file, one);
      if (problem !== undefined) breaches.push({ file, line: one.line, problem });
    }
    const values = imports.filter(({ specifier, typeOnly }) => specifier.startsWith(".") && !typeOnly);
    edges.set(
      file,
      values.map(({ specifier }) => resolve(file, specifier)),
    );
    if (file === addonLoader || file === bundleLoader) continue;
    text.split("\n").forEach((line, index) => {
      const code = line.replace(/\/\/.*$/, "");
      if (loadsAddon.test(code))
        breaches.push({ file, line: index + 1, problem: `only ${addonLoader} loads the addon` });
    });
  }
  return [...breaches, ...cycles(edges)];
}

function cycles(edges: ReadonlyMap<string, readonly string[]>): Breach[] {
  const done = new Set<string>();
  const found: Breach[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.push({ file, line: 1, problem: `import cycle: ${[...trail.slice(at), file].join(" → ")}` });
      return;
    }
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}
