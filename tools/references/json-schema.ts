// SPDX-License-Identifier: Apache-2.0
// A JSON Schema as flat rows: one per key, with its type, default and sentence. Knows only what our two schemas use.

export interface SchemaRow {
  /** Dotted path; "[]" stands for the items of a list. */
  path: string;
  type: string;
  /** JSON text, or "" if there is none. */
  fallback: string;
  required: boolean;
  meaning: string;
}

export type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;

/** Schemas by property name; [] if it is no object. */
export function propertiesOf(schema: Schema): [string, Schema][] {
  const properties = schema["properties"];
  if (!isSchema(properties)) return [];
  return Object.entries(properties).filter((entry): entry is [string, Schema] => isSchema(entry[1]));
}

const alternativesOf = (schema: Schema): Schema[] =>
  Array.isArray(schema["anyOf"]) ? schema["anyOf"].filter(isSchema) : [];

/** The schema that carries the keys: itself, or the only alternative beside null. */
function carrier(schema: Schema): Schema {
  return alternativesOf(schema).find((one) => one["type"] === "object") ?? schema;
}

export function typeOf(schema: Schema): string {
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return alternatives.map(typeOf).join(" or ");
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(", ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const { type, items } = schema;
  if (type === "array" && isSchema(items)) return `list of ${typeOf(items)}`;
  const low = schema["minimum"];
  const high = schema["maximum"];
  // The largest safe integer is zod's own bound, not one of ours.
  const bounded = typeof low === "number" && typeof high === "number" && high < Number.MAX_SAFE_INTEGER;
  return bounded ? `${String(type)}, ${low} to ${high}` : String(type ?? "any");
}

export function rowsOf(schema: Schema, skip: (path: string) => boolean = () => false, prefix = ""): SchemaRow[] {
  const own = carrier(schema);
  const required = new Set(Array.isArray(own["required"]) ? own["required"] : []);
  return propertiesOf(own).flatMap(([name, property]): SchemaRow[] => {
    const path = `${prefix}${name}`;
    const fallback = property["default"];
    const row: SchemaRow = {
      path,
      type: typeOf(property),
      fallback: fallback === undefined || isEmptyObject(fallback) ? "" : JSON.stringify(fallback),
      required: required.has(name),
      meaning: typeof property["description"] === "string" ? property["description"] : "",
    };
    if (skip(path)) return [row];
    const items = property["items"];
    const inner = isSchema(items) ? rowsOf(items, skip, `${path}[].`) : rowsOf(property, skip, `${path}.`);
    return [row, ...inner];
  });
}

const isEmptyObject = (value: unknown): boolean => isSchema(value) && Object.keys(value).length === 0;
