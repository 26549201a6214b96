// SPDX-License-Identifier: Apache-2.0
// What the contract tests read from files that no TypeScript can import.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

export const read = (path: string): string => readFileSync(path, "utf8");

/** Names of the files of a directory that end so, without the ending. */
export function stems(directory: string, ending: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .map((name) => basename(name, ending))
    .sort();
}

/** Names of a generated enum without its sentinels. */
export function enumNames(generated: Readonly<Record<string, number>>): string[] {
  return Object.keys(generated)
    .filter((name) => name !== "none" && name !== "max")
    .sort();
}

/** Values of the lines "#define NAME number or product" of a C header. */
export function defines(header: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, value] of header.matchAll(/^#define\s+(\w+)\s+\(?([\d\s*]+)\)?$/gm)) {
    if (name !== undefined && value !== undefined)
      found.set(
        name,
        value.split("*").reduce((product, factor) => product * Number(factor), 1),
      );
  }
  return found;
}

/** Body of the function of that name, as the text between its braces; "" if there is none. */
export function functionBody(source: string, name: string): string {
  const start = source.search(new RegExp(`^(?:static __always_inline|__weak __noinline) [^;{]*\\b${name}\\(`, "m"));
  if (start < 0) return "";
  const end = source.indexOf("\n}", start);
  return source.slice(start, end);
}

/** A door with the headers of bpf/guards/ that it includes, directly or through others: name → text. */
export function guardsOf(door: string): Map<string, string> {
  const found = new Map<string, string>();
  const follow = (text: string): void => {
    for (const [, header] of text.matchAll(/#include "(?:\.\.\/guards\/)?(\w+)\.h"/g)) {
      if (header === undefined || found.has(header) || !guardFiles.has(header)) continue;
      const body = read(`bpf/guards/${header}.h`);
      found.set(header, body);
      follow(body);
    }
  };
  follow(read(`bpf/doors/${door}.bpf.c`));
  return found;
}

const guardFiles = new Set(stems("bpf/guards", ".h"));

/** The vectors (lower case) that the door's own guard functions, and what these call in the same headers, can name. */
export function vectorsNamedAt(door: string): Set<string> {
  const source = read(`bpf/doors/${door}.bpf.c`);
  const functions = [source, ...guardsOf(door).values()].join("\n");
  const seen = new Set<string>();
  const vectors = new Set<string>();
  const follow = (text: string): void => {
    for (const [, vector] of text.matchAll(/\bCT_VECTOR_([A-Z_]+)\b/g)) {
      if (vector !== undefined && vector !== "NONE" && vector !== "MAX") vectors.add(vector.toLowerCase());
    }
    for (const [, called] of text.matchAll(/\b(\w+)\(/g)) {
      if (called === undefined || seen.has(called)) continue;
      seen.add(called);
      follow(functionBody(functions, called));
    }
  };
  follow(source);
  return vectors;
}
