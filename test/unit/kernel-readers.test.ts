// SPDX-License-Identifier: Apache-2.0
// Which calls of a BPF program read foreign memory, from the kernel's own list of symbols.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { BpfMap } from "../../src/kernel/native.js";
import { knowReaders, ReadingCalls } from "../../src/kernel/readers.js";

const folder = mkdtempSync(join(tmpdir(), "ct-symbols-"));
afterAll(() => rmSync(folder, { recursive: true }));

const symbols = [
  "ffffffffb397d8c0 T bpf_probe_read_user",
  "ffffffffb3980400 T bpf_trace_printk",
  "ffffffffb39a0c90 T __bpf_call_base",
  "ffffffffb39e9cf0 T bpf_strtol",
  "ffffffffb39e9e30 T bpf_strncmp",
  "ffffffffb39ec530 T bpf_snprintf",
  "ffffffffb39ef620 T bpf_strcmp",
  "ffffffffb3a43480 T bpf_struct_ops_find_value",
  "ffffffffb3a473d0 T bpf_stream_stage_init",
  "ffffffffb3a47030 T bpf_stream_vprintk",
  "ffffffffb3a47031 d bpf_trace_printk_proto",
  "ffffffffc0000000 t bpf_snprintf_btf\t[module]",
  "ffffffffb397d8d0 T map_lookup_elem",
];
const base = 0xb39a0c90;
const expected = [0xb397d8c0, 0xb3980400, 0xb39ec530, 0xb39ef620, 0xb3a47030].map((address) => address - base);

class FakeMap {
  readonly entries = new Map<number, Buffer>();
  constructor(readonly room = 128) {}
  lookup = (key: Buffer): Buffer | undefined => this.entries.get(key.readInt32LE());
  update(key: Buffer, value: Buffer): void {
    if (this.entries.size >= this.room) throw new Error("E2BIG");
    this.entries.set(key.readInt32LE(), value);
  }
  get calls(): number[] {
    return [...this.entries.keys()].filter((key) => key !== 0);
  }
}
const asMap = (map: FakeMap): BpfMap => map as unknown as BpfMap;

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

describe("calls that read foreign memory", () => {
  it.each([1, 7, 64, 10_000])("are found in pieces of %d characters", (size) => {
    const found = new ReadingCalls();
    const text = `${symbols.join("\n")}\n`;
    for (let at = 0; at < text.length; at += size) found.add(text.slice(at, at + size));
    expect(found.calls).toEqual(expected);
  });

  it("are in the map, which a later agent does not fill again", async () => {
    const map = new FakeMap();
    expect(await knowReaders(asMap(map), file("all", symbols))).toBe(true);
    expect(map.calls).toEqual(expected);
    expect(await knowReaders(asMap(map), join(folder, "missing"))).toBe(true);
    expect(map.calls).toEqual(expected);
  });

  it("are not known where the kernel shows no addresses, no list, or more than there is room for", async () => {
    const hidden = symbols.map((line) => line.replace(/^\w+/, "0000000000000000"));
    for (const path of [
      file("hidden", hidden),
      join(folder, "missing"),
      file("none", ["ffffffffb39a0c90 T schedule"]),
    ]) {
      const map = new FakeMap();
      expect(await knowReaders(asMap(map), path), path).toBe(false);
      expect(map.calls).toEqual([]);
      expect(await knowReaders(asMap(map), file("later", symbols)), "later it may").toBe(true);
    }
    expect(await knowReaders(asMap(new FakeMap(2)), file("all", symbols))).toBe(false);
  });
});
