// SPDX-License-Identifier: Apache-2.0
// Generates src/kernel/abi.gen.ts from the BTF of bpf/abi.bpf.c: constants, decoders and encoders for the bytes that
// cross between kernel and user space. Usage: gen-abi ABI_OBJECT [--check FILE]; prints to stdout without --check.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

interface BtfType {
  id: number;
  kind: string;
  name: string;
  size?: number;
  encoding?: string;
  type_id?: number;
  nr_elems?: number;
  members?: { name: string; type_id: number; bits_offset: number }[];
  values?: { name: string; val: number }[];
}

interface Leaf {
  kind: "scalar" | "string" | "bytes" | "struct" | "array";
  size: number;
  signed: boolean;
  structName: string;
  element?: Leaf;
  count: number;
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const pascal = (name: string): string => {
  const c = camel(name.replace(/^ct_/, ""));
  return c[0]?.toUpperCase() + c.slice(1);
};

function readTypes(object: string): Map<number, BtfType> {
  const json = execFileSync("bpftool", ["-j", "btf", "dump", "file", object, "format", "raw"], { encoding: "utf8" });
  const types = (JSON.parse(json) as { types: BtfType[] }).types;
  return new Map(types.map((type) => [type.id, type]));
}

function leafOf(types: Map<number, BtfType>, id: number): Leaf {
  const type = types.get(id);
  if (!type) throw new Error(`BTF type ${id} is missing`);
  const scalar = { signed: false, structName: "", count: 1 };
  switch (type.kind) {
    case "TYPEDEF":
    case "CONST":
    case "VOLATILE":
      return leafOf(types, type.type_id ?? 0);
    case "INT":
      return { ...scalar, kind: "scalar", size: type.size ?? 0, signed: type.encoding === "SIGNED" };
    case "STRUCT":
      return { ...scalar, kind: "struct", size: type.size ?? 0, structName: type.name };
    case "ARRAY": {
      const element = leafOf(types, type.type_id ?? 0);
      const count = type.nr_elems ?? 0;
      const small = element.kind === "scalar" && element.size === 1;
      const kind = !small ? "array" : element.signed ? "string" : "bytes"; // char, or __u8
      return { ...scalar, kind, size: element.size * count, element, count };
    }
    default:
      throw new Error(`BTF kind ${type.kind} (${type.name}) may not stand in the ABI`);
  }
}

function tsType(leaf: Leaf): string {
  if (leaf.kind === "string") return "string";
  if (leaf.kind === "bytes") return "Buffer";
  if (leaf.kind === "struct") return pascal(leaf.structName);
  if (leaf.kind === "array" && leaf.element) return `${tsType(leaf.element)}[]`;
  return leaf.size === 8 ? "bigint" : "number";
}

function accessor(leaf: Leaf): string {
  if (leaf.size === 8) return leaf.signed ? "BigInt64LE" : "BigUInt64LE";
  return `${leaf.signed ? "Int" : "UInt"}${leaf.size * 8}${leaf.size > 1 ? "LE" : ""}`;
}

function reader(leaf: Leaf, at: string): string {
  if (leaf.kind === "string") return `readText(buffer, ${at}, ${leaf.size})`;
  if (leaf.kind === "bytes") return `Buffer.from(buffer.subarray(${at}, ${at} + ${leaf.size}))`;
  if (leaf.kind === "struct") return `decode${pascal(leaf.structName)}(buffer, ${at})`;
  if (leaf.kind === "array" && leaf.element) {
    const element = leaf.element;
    return `[${Array.from({ length: leaf.count }, (_, i) => reader(element, `${at} + ${i * element.size}`)).join(", ")}]`;
  }
  if (leaf.size === 8) return `viewOf(buffer).get${leaf.signed ? "BigInt64" : "BigUint64"}(${at}, true)`;
  return `buffer.read${accessor(leaf)}(${at})`;
}

/** What every decoder may use. */
const helpers = `function readText(buffer: Buffer, at: number, size: number): string {
  let end = at;
  while (end < at + size && buffer[end] !== 0) end++;
  return end === at ? "" : buffer.toString("utf8", at, end);
}

let viewed: Buffer | undefined;
let view: DataView = new DataView(new ArrayBuffer(0));
/** For 64-bit numbers, of which a Buffer makes three to read one. */
function viewOf(buffer: Buffer): DataView {
  if (buffer !== viewed) {
    view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    viewed = buffer;
  }
  return view;
}`;

const isNumber = (leaf: Leaf): boolean =>
  leaf.kind === "scalar" || leaf.kind === "bytes" || (leaf.kind === "array" && leaf.element?.kind === "scalar");

function writers(leaf: Leaf, value: string, at: number): string[] {
  if (leaf.kind === "bytes") return [`  ${value}.copy(buffer, ${at}, 0, ${leaf.size});`];
  if (leaf.kind !== "array" || !leaf.element) return [`  buffer.write${accessor(leaf)}(${value}, ${at});`];
  const { element, count } = leaf;
  const zero = tsType(element) === "bigint" ? "0n" : "0";
  return Array.from({ length: count }, (_, i) =>
    writers(element, `${value}[${i}] ?? ${zero}`, at + i * element.size),
  ).flat();
}

function emitStruct(types: Map<number, BtfType>, struct: BtfType): string {
  const name = pascal(struct.name);
  const members = (struct.members ?? []).map((m) => ({
    name: camel(m.name),
    offset: m.bits_offset / 8,
    leaf: leafOf(types, m.type_id),
  }));
  const visible = members.filter((m) => !/^pad\d*$/.test(m.name));
  const lines = [
    `/** struct ${struct.name}, ${struct.size} bytes. */`,
    `export interface ${name} {`,
    ...visible.map((m) => `  ${m.name}: ${tsType(m.leaf)};`),
    "}",
    `export const ${name}Size = ${struct.size};`,
    `export function decode${name}(buffer: Buffer, at = 0): ${name} {`,
    "  return {",
    ...visible.map((m) => `    ${m.name}: ${reader(m.leaf, `at + ${m.offset}`)},`),
    "  };",
    "}",
  ];
  if (members.every((m) => isNumber(m.leaf))) {
    lines.push(
      `export function encode${name}(value: ${name}): Buffer {`,
      `  const buffer = Buffer.alloc(${struct.size});`,
      ...visible.flatMap((m) => writers(m.leaf, `value.${m.name}`, m.offset)),
      "  return buffer;",
      "}",
    );
  }
  return lines.join("\n");
}

function emitEnum(type: BtfType): string {
  const values = type.values ?? [];
  const stem = `${type.name.toUpperCase()}_`;
  const short = (name: string): string =>
    (name.startsWith(stem) ? name.slice(stem.length) : name.replace(/^CT_(EVENT_|CENSUS_)?/, "")).toLowerCase();
  return [
    `/** enum ${type.name} */`,
    `export const ${pascal(type.name)} = {`,
    ...values.map((v) => `  ${short(v.name)}: ${v.val},`),
    "} as const;",
  ].join("\n");
}

export function generate(object: string): string {
  const types = readTypes(object);
  const all = [...types.values()]
    .filter((t) => t.name.startsWith("ct_"))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
  return `${[
    "// SPDX-License-Identifier: Apache-2.0",
    "// Generated from the BTF of bpf/abi.bpf.c by `make generate`. Do not edit.",
    helpers,
    ...all.filter((t) => t.kind === "ENUM").map(emitEnum),
    ...all.filter((t) => t.kind === "STRUCT").map((t) => emitStruct(types, t)),
  ].join("\n\n")}\n`;
}

const [object, flag, file] = process.argv.slice(2);
if (!object) {
  process.stderr.write("usage: gen-abi ABI_OBJECT [--check FILE]\n");
  process.exit(2);
}
const text = generate(object);
if (flag === "--check" && file) {
  if (readFileSync(file, "utf8") !== text) {
    process.stderr.write(`${file} does not match bpf/abi.h: run 'make generate' and commit the result\n`);
    process.exit(1);
  }
} else {
  process.stdout.write(text);
}
