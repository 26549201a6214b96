// SPDX-License-Identifier: Apache-2.0
// The doors as they were built, with small maps, so that what happens when one is full is tried in seconds: the
// configuration names them by their digest. In the object each map says its size by a type, int (*)[SIZE]; a map gets the
// type that another one has.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { treeRoot } from "../lab/host.js";
import type { Field } from "./field.js";

const objects = ["cloudtaser.bpf.o", "cloudtaser-leaks.bpf.o"] as const;
/** In the guest. */
const directory = "/run/small-objects";

interface BtfType {
  /** Of what follows the type's header, in the file. */
  at: number;
  name: string;
  kind: number;
  vlen: number;
  /** Its third word: a size, or the type that it is of. */
  refers: number;
}

const kinds = { pointer: 2, array: 3, struct: 4, variable: 14 } as const;
/** Bytes behind the header of each kind (linux/btf.h), for itself and for each of its parts. */
const sizes: Readonly<Record<number, readonly [own: number, each: number]>> = {
  1: [4, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  17: [4, 0],
  19: [0, 12],
};

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}

/** Where a section of a 64-bit ELF file lies. */
function sectionAt(elf: Buffer, wanted: string): number {
  const headers = Number(elf.readBigUInt64LE(0x28));
  const header = (index: number): number => headers + index * elf.readUInt16LE(0x3a);
  const placeOf = (index: number): number => Number(elf.readBigUInt64LE(header(index) + 0x18));
  const names = placeOf(elf.readUInt16LE(0x3e));
  for (let index = 0; index < elf.readUInt16LE(0x3c); index++) {
    if (textAt(elf, names + elf.readUInt32LE(header(index))) === wanted) return placeOf(index);
  }
  throw new Error(`the object has no ${wanted}`);
}

function typesOf(elf: Buffer): { types: BtfType[]; nameAt: (offset: number) => string } {
  const btf = sectionAt(elf, ".BTF");
  const begin = btf + elf.readUInt32LE(btf + 4);
  const strings = begin + elf.readUInt32LE(btf + 16);
  const nameAt = (offset: number): string => textAt(elf, strings + offset);
  // Number 0 is void.
  const types: BtfType[] = [{ at: 0, name: "", kind: 0, vlen: 0, refers: 0 }];
  let at = begin + elf.readUInt32LE(btf + 8);
  for (const end = at + elf.readUInt32LE(btf + 12); at < end; ) {
    const info = elf.readUInt32LE(at + 4);
    const [kind, vlen] = [(info >> 24) & 31, info & 0xffff];
    types.push({ at: at + 12, name: nameAt(elf.readUInt32LE(at)), kind, vlen, refers: elf.readUInt32LE(at + 8) });
    const [own, each] = sizes[kind] ?? [0, 0];
    at += 12 + own + vlen * each;
  }
  return { types, nameAt };
}

/** Where the object says of what type a map's size is. */
function sizeAt(elf: Buffer, { types, nameAt }: ReturnType<typeof typesOf>, map: string): number {
  const variable = types.find(({ kind, name }) => kind === kinds.variable && name === map);
  const struct = types[variable?.refers ?? 0];
  if (struct?.kind !== kinds.struct) throw new Error(`the object has no map ${map}`);
  const sharers = types.filter(({ kind, refers }) => kind === kinds.variable && refers === variable?.refers);
  if (sharers.length > 1) throw new Error(`${sharers.map(({ name }) => name).join(", ")} are of one size`);
  for (let member = struct.at; member < struct.at + 12 * struct.vlen; member += 12) {
    if (nameAt(elf.readUInt32LE(member)) === "max_entries") return member + 4;
  }
  throw new Error(`map ${map} says no size`);
}

/** The object with these maps of these sizes; each must be that of some other map, or a number of a type of map. */
export function withSizes(object: Buffer, wanted: Readonly<Record<string, number>>): Buffer {
  const elf = Buffer.from(object);
  const found = typesOf(elf);
  for (const [map, size] of Object.entries(wanted)) {
    const type = found.types.findIndex(({ kind, refers }) => {
      const array = found.types[refers];
      return kind === kinds.pointer && array?.kind === kinds.array && elf.readUInt32LE(array.at + 8) === size;
    });
    if (type < 0) throw new Error(`no map of the object has ${size} entries`);
    elf.writeUInt32LE(type, sizeAt(elf, found, map));
  }
  return elf;
}

/** Puts such objects into the guest; returns the settings with which an agent takes them. */
export async function smallMaps(
  { guest }: Pick<Field, "guest">,
  wanted: Readonly<Record<string, number>>,
): Promise<Record<string, unknown>> {
  const digests: Record<string, string> = {};
  for (const name of objects) {
    const built = readFileSync(join(treeRoot(), "build/bpf", name));
    const own = Object.entries(wanted).filter(([map]) => isMapOf(built, map));
    const bytes = withSizes(built, Object.fromEntries(own));
    digests[name] = createHash("sha256").update(bytes).digest("hex");
    await guest.writeFile(`${directory}/${name}`, bytes);
  }
  return { objectPath: directory, objectDigests: digests };
}

function isMapOf(object: Buffer, map: string): boolean {
  return typesOf(object).types.some(({ kind, name }) => kind === kinds.variable && name === map);
}
