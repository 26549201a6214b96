// SPDX-License-Identifier: Apache-2.0
// A validation failure as an error of ours: place, key, what was expected, what was found, the nearest right name.

import type { z } from "zod";
import { CloudtaserError } from "../errors/index.js";
import { isVectorName } from "../vectors/index.js";
import { describeConfig } from "./schema.js";
import { nearest } from "./suggest.js";

type Issue = z.core.$ZodIssue;
type Place = (keys: readonly PropertyKey[], at: "key" | "value") => string;

interface SchemaNode {
  type?: string;
  enum?: readonly unknown[];
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
}

/** Made when the first problem needs it. */
let described: SchemaNode | undefined;

/** The part of the JSON Schema that describes the value at these keys. */
function schemaAt(keys: readonly PropertyKey[]): SchemaNode {
  described ??= describeConfig() as SchemaNode;
  let node = described;
  for (const key of keys) node = (typeof key === "number" ? node.items : node.properties?.[String(key)]) ?? {};
  return node;
}

function expectedText(node: SchemaNode): string {
  if (node.enum !== undefined) return `one of ${node.enum.join(", ")}`;
  const words: Readonly<Record<string, string>> = {
    string: "text",
    boolean: "true or false",
    integer: "a whole number",
    number: "a number",
    array: "a list",
    object: "a map of keys",
  };
  return words[node.type ?? ""] ?? "something else";
}

function gotText(value: unknown): string {
  if (value === undefined) return "left out";
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of keys";
  const text = JSON.stringify(value) ?? String(value);
  return `${typeof value === "string" ? "the text " : ""}${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

function valueAt(raw: unknown, keys: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function keyText(keys: readonly PropertyKey[]): string {
  let text = "";
  for (const key of keys) text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
  return text === "" ? "the configuration" : text;
}

/** raw: the merged input; place: says where a key came from. */
export function problemOf(issue: Issue, raw: unknown, place: Place): CloudtaserError {
  const keys = issue.path;
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys[0] ?? "";
    if (keys[0] === "workloads" && keys[2] === "vectors" && isVectorName(unknown)) {
      const reason = "this vector is against the node, not against a workload: set it under vectors, for all";
      const target = place([...keys, unknown], "key");
      return new CloudtaserError("CONFIG_BAD_VALUE", { target, fields: { key: keyText([...keys, unknown]), reason } });
    }
    const near = nearest(unknown, Object.keys(schemaAt(keys).properties ?? {}));
    return new CloudtaserError("CONFIG_UNKNOWN_KEY", {
      target: place([...keys, unknown], "key"),
      fields: { key: keyText([...keys, unknown]), suggestion: near === undefined ? "" : `; did you mean ${near}?` },
    });
  }
  const value = valueAt(raw, keys);
  const target = place(keys, "value");
  if (issue.code === "invalid_type" || issue.code === "invalid_value") {
    const node = schemaAt(keys);
    const near = typeof value === "string" ? nearest(value, (node.enum ?? []).map(String)) : undefined;
    const got = `${gotText(value)}${near === undefined || near === value ? "" : `; did you mean ${near}?`}`;
    return new CloudtaserError("CONFIG_WRONG_TYPE", {
      target,
      fields: { key: keyText(keys), expected: expectedText(node), got },
    });
  }
  const secret = issue.code === "custom" && issue.params?.["secret"] === true;
  const reason =
    value === undefined || typeof value === "object" || secret
      ? issue.message
      : `${issue.message}, not ${gotText(value)}`;
  return new CloudtaserError("CONFIG_BAD_VALUE", { target, fields: { key: keyText(keys), reason } });
}
