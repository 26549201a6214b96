// SPDX-License-Identifier: Apache-2.0
// The YAML file: read, parsed without running anything, with the place of every key and value kept for errors.

import { readFileSync, statSync } from "node:fs";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { sha256Hex } from "../keys/index.js";

/** Longer than any sane configuration; keeps a wrong path (a log, a device) from filling memory. */
const maxBytes = 4 * 1024 * 1024;

export interface ConfigSource {
  path: string;
  /** SHA-256 of the file as it was read, hexadecimal. */
  digest: string;
  /** Nothing in it but white space and comments. */
  empty: boolean;
  value: unknown;
  /** "path:line:column" of the value at the keys, or of the last key itself; of the nearest parent if it is not there. */
  placeOf(keys: readonly PropertyKey[], at: "key" | "value"): string;
}

type Problem = Pick<YAMLError, "message" | "pos">;

function readText(path: string): { text: string; digest: string } {
  try {
    const info = statSync(path);
    if (!info.isFile()) throw new Error(info.isDirectory() ? "it is a directory" : "it is not a regular file");
    if (info.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    const bytes = readFileSync(path);
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), digest: sha256Hex(bytes) };
  } catch (cause) {
    throw new CloudtaserError("CONFIG_UNREADABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}

function offsetOf(document: Document, keys: readonly PropertyKey[], at: "key" | "value"): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [index, key] of keys.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      const last = index === keys.length - 1;
      const place = (last && at === "key") || !isNode(pair.value) ? pair.key : pair.value;
      offset = isNode(place) ? (place.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else return offset;
  }
  return offset;
}

/** A key that stands twice in a map, as it is named in the result. The parser would compare each key with each other one, which
 *  takes a minute for the most that a file may hold. */
function repeatedKey(document: Document): Problem | undefined {
  let found: Problem | undefined;
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (seen.has(name)) {
          found = { message: `Map keys must be unique: ${name}`, pos: [(isNode(key) ? key.range?.[0] : 0) ?? 0, 0] };
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

/** Throws CONFIG_UNREADABLE or CONFIG_YAML. */
export function readSource(path: string): ConfigSource {
  const { text, digest } = readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  // A warning is an unknown tag or the like: something that the writer meant and that would not be done.
  const problem = document.errors[0] ?? document.warnings[0] ?? repeatedKey(document);
  if (problem !== undefined) {
    const reason = problem.message.replace(/\s+/g, " ");
    throw new CloudtaserError("CONFIG_YAML", { target: place(problem.pos[0]), fields: { reason }, cause: problem });
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new CloudtaserError("CONFIG_YAML", { target: place(0), fields: { reason: reasonOf(cause) }, cause });
  }
  const empty = value === null || value === undefined;
  return { path, digest, empty, value: value ?? {}, placeOf: (keys, at) => place(offsetOf(document, keys, at)) };
}
