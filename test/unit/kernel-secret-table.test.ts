// SPDX-License-Identifier: Apache-2.0
// Registered secrets in the kernel's tables: whole or not at all, in an order in which nothing is missed, and gone
// without a hole. The addon makes the fingerprints; the maps are ours.
import { describe, expect, it } from "vitest";
import {
  decodeLeakAnchor,
  decodeLeakAnchorKey,
  decodeLeakHead,
  decodeLeakSinkKey,
  encodeLeakHead,
  LeakEncoding,
} from "../../src/kernel/abi.gen.js";
import { chainLength } from "../../src/kernel/anchors.js";
import { addDestinations } from "../../src/kernel/egress.js";
import { loadNative } from "../../src/kernel/load-native.js";
import type { SinkNetwork } from "../../src/kernel/secret-sinks.js";
import { type LeakLimits, type SecretMapName, SecretTable, secretMapNames } from "../../src/kernel/secret-table.js";
import { asMap, FakeMap } from "./fake-maps.js";

const native = loadNative();
/** Looks into a map that nobody else looks into meanwhile. */
function looksInto(map: FakeMap, act: () => void): number {
  let looks = 0;
  const lookup = map.lookup.bind(map);
  map.lookup = (key) => {
    looks++;
    return lookup(key);
  };
  act();
  map.lookup = lookup;
  return looks;
}

const zero = Buffer.alloc(4);
const none = { networks: [], files: [] };
const limits: LeakLimits = { scanLimit: 65_536, beyond: "refuse", unscanned: "report" };
const emptyHead = { key: [0n, 0n], groups: 0n, step: 0, longest: 0, scanLimit: 0, beyond: 0, unscanned: 0 };

function machine() {
  const log: string[] = [];
  const names = [...secretMapNames, "leak_sinks"] as const;
  const maps = Object.fromEntries(names.map((name) => [name, new FakeMap(name, log)])) as Record<
    SecretMapName,
    FakeMap
  >;
  maps.leak_head.update(zero, encodeLeakHead(emptyHead));
  const open = () => {
    const table = new SecretTable((name) => asMap(maps[name]));
    table.begin(() => Buffer.alloc(16, 7), limits);
    return table;
  };
  const table = open();
  log.length = 0;
  const forms = (secret: string) => native.fingerprints(Buffer.from(secret), table.key);
  const add = (id: number, secret: string, group = 3) =>
    table.add({ name: `s${id}`, id, group, forms: forms(secret), sinks: none });
  const head = () => decodeLeakHead(maps.leak_head.lookup(zero) ?? Buffer.alloc(48));
  const anchors = () =>
    maps.leak_anchors.keys().map((key) => ({
      ...decodeLeakAnchorKey(key),
      ...decodeLeakAnchor(maps.leak_anchors.lookup(key) ?? Buffer.alloc(24)),
    }));
  /** Forms of a secret that are found by a reader that follows chains from 0 until a link is missing. */
  const reachable = (id: number): number =>
    anchors().filter((anchor) => {
      if (anchor.secret !== id) return false;
      const chain = anchors().filter(({ window }) => window === anchor.window);
      return Array.from({ length: anchor.index }, (_, i) => i).every((i) => chain.some(({ index }) => index === i));
    }).length;
  const contents = () =>
    [maps.leak_anchors, maps.leak_secrets, maps.leak_sinks, maps.leak_sink_files]
      .flatMap(({ entries }) => [...entries])
      .sort();
  return { log, maps, table, open, forms, add, head, anchors, reachable, contents };
}

const secret = "tk_7Qm2xRz9KpLw4VbN";

describe("a secret that is added", () => {
  it("counts from the last write on, and everything else stands before it", () => {
    const { log, add, head, forms, anchors, table, maps } = machine();
    expect(add(1, secret)).toEqual({ contained: false });
    const order = [...new Set(log)];
    expect(order).toEqual(["leak_windows", "leak_head", "leak_anchors", "leak_anchor_bits", "leak_secrets"]);
    expect(anchors()).toHaveLength(forms(secret).length);
    expect(head()).toMatchObject({
      step: 12,
      longest: 38,
      groups: 1n << 3n,
      scanLimit: 65_536,
      beyond: 1,
      unscanned: 1,
    });
    for (const form of forms(secret)) {
      const anchor = anchors().find(({ fingerprint }) => fingerprint === form.fingerprint);
      expect(anchor).toMatchObject({ secret: 1, length: form.length, encoding: form.encoding, index: 0 });
    }
    expect(table.list()).toEqual([{ id: 1, group: 3 }]);
    // Nothing but hashes: no eight bytes of it stand anywhere.
    const written = Object.values(maps).flatMap(({ entries }) => [...entries].flat());
    const text = written.map((one) => (typeof one === "string" ? one : one.toString("hex"))).join("/");
    for (let at = 0; at + 8 <= secret.length; at++) {
      expect(text).not.toContain(Buffer.from(secret.slice(at, at + 8)).toString("hex"));
    }
  });

  it("narrows the steps while it is there, and no longer", () => {
    const { add, head, table } = machine();
    add(1, "a-secret-of-twenty-9");
    expect(head().step).toBe(13);
    add(2, "twelve-bytes");
    expect(head().step).toBe(5);
    add(3, "another-long-secret-of-mine", 70);
    expect(head()).toMatchObject({ step: 5, groups: (1n << 3n) | (1n << 6n) });
    table.remove([2]);
    expect(head().step).toBe(13);
    table.remove([3]);
    expect(head().groups).toBe(1n << 3n);
    table.remove([1]);
    expect(head()).toMatchObject({ step: 0, longest: 0, groups: 0n });
  });

  it("is known again by the same value, whatever came between", () => {
    const { add, forms, table } = machine();
    add(1, secret);
    add(2, `${secret} and more of it`);
    expect(table.sameAs(forms(secret))).toEqual(new Set([1]));
    add(7, secret, 4);
    expect(table.sameAs(forms(secret))).toEqual(new Set([1, 7]));
    expect(table.sameAs(forms("tk_7Qm2xRz9KpLw4VbM"))).toEqual(new Set());
    table.remove([1]);
    expect(table.sameAs(forms(secret))).toEqual(new Set([7]));
  });

  it("is told when all of it stands in another, and both are found", () => {
    const { add, reachable, forms } = machine();
    expect(add(1, `prefix ${secret} suffix`).contained).toBe(false);
    expect(add(2, secret).contained).toBe(true);
    expect(reachable(1)).toBe(forms(`prefix ${secret} suffix`).length);
    expect(reachable(2)).toBe(forms(secret).length);
  });

  it("of one value in many workloads is found in each, and goes without a hole in the chains", () => {
    const { add, reachable, forms, table, anchors } = machine();
    const [few, count] = ["shared-secret!!!", forms("shared-secret!!!").length];
    for (let id = 1; id <= 28; id++) add(id, few, id);
    expect(Math.max(...anchors().map(({ index }) => index))).toBe(chainLength - 1);
    for (const id of [1, 2, 3, 12, 27]) table.remove([id]);
    for (const id of [4, 11, 13, 26, 28]) expect(reachable(id)).toBe(count);
    add(31, few, 31);
    expect(reachable(31)).toBe(count);
    table.remove(Array.from({ length: 31 }, (_, i) => i + 1));
    expect(anchors()).toEqual([]);
  });
});

describe("a secret that does not fit", () => {
  it.each([
    ["leak_anchors", 3],
    ["leak_secrets", 1],
    ["leak_sinks", 0],
    ["leak_sink_files", 0],
  ] as const)("because %s is full leaves everything as it was", (name, more) => {
    const { maps, add, forms, table, contents, head } = machine();
    add(1, secret);
    const before = { contents: contents(), head: head() };
    maps[name].room = name === "leak_secrets" ? 1 : maps[name].entries.size + more;
    const network: SinkNetwork = { family: 4, address: Buffer.from([10, 0, 0, 0]), bits: 8, port: 5432 };
    const wanted = { name: "key of pay", id: 2, group: 9, forms: forms("another one that is long") };
    const adding = () => table.add({ ...wanted, sinks: { networks: [network], files: [{ ino: 9n, dev: 1 }] } });
    expect(adding).toThrow(expect.objectContaining({ code: "SECRETS_FULL", target: "key of pay" }));
    expect({ contents: contents(), head: head() }).toEqual(before);
    maps[name].room = Number.POSITIVE_INFINITY;
    expect(adding).not.toThrow();
  });

  it("because ordinary data would look like it too often says so", () => {
    const { add, forms, table, contents } = machine();
    const windows = Buffer.alloc((1 << 22) * 4 + 4);
    for (let bit = 0; bit * 4 < windows.length; bit++) windows.writeUInt32LE(bit, bit * 4);
    const [form, ...others] = forms(secret);
    if (form === undefined) throw new Error("no form");
    const before = contents();
    const huge = { name: "huge", id: 1, group: 3, forms: [{ ...form, windows }, ...others], sinks: none };
    expect(() => table.add(huge)).toThrow(
      expect.objectContaining({ code: "SECRETS_FULL", message: expect.stringContaining("ordinary data") }),
    );
    expect(contents()).toEqual(before);
    expect(add(2, secret)).toEqual({ contained: false });
  });

  it("because every window of it is taken says so", () => {
    const { add, contents } = machine();
    const one = "0101010101010101";
    let id = 0;
    let before: unknown;
    expect(() => {
      for (; id < 1_000; id++) {
        before = contents();
        add(id + 1, one, id);
      }
    }).toThrow(expect.objectContaining({ code: "SECRETS_FULL", message: expect.stringContaining("same value") }));
    expect(id).toBeGreaterThan(1);
    expect(contents()).toEqual(before);
  });
});

describe("the tables", () => {
  it("keep their key when the next agent opens them, and lose what the last one left half-way", () => {
    const { add, maps, table, open, anchors, head, forms } = machine();
    add(1, secret);
    add(2, "another one that is long", 5);
    maps.leak_secrets.entries.delete("02000000");
    const next = open();
    expect(next.key).toEqual(table.key);
    expect(next.list()).toEqual([{ id: 1, group: 3 }]);
    expect(next.sameAs(forms(secret))).toEqual(new Set([1]));
    expect(next.sameAs(forms("another one that is long"))).toEqual(new Set());
    expect(anchors().every(({ secret: id }) => id === 1)).toBe(true);
    expect(head()).toMatchObject({ step: 12, groups: 1n << 3n });
  });

  it("let no secret go where one that an agent left half-way was to go, and leave what workloads may reach", () => {
    const { maps, table, forms, open, contents } = machine();
    const network: SinkNetwork = { family: 4, address: Buffer.from([10, 0, 0, 1]), bits: 32, port: 443 };
    addDestinations(asMap(maps.leak_sinks), [{ group: 3, egress: [network] }]);
    const before = contents();
    const sinks = { networks: [network], files: [{ ino: 9n, dev: 1 }] };
    table.add({ name: "s", id: 1, group: 3, forms: forms(secret), sinks });
    maps.leak_secrets.entries.delete("01000000");
    open();
    expect(contents()).toEqual(before);
  });

  it("change what is allowed without a moment in which both lists' entries are not", () => {
    const { table, forms, maps, log } = machine();
    const at = (last: number): SinkNetwork => ({
      family: 4,
      address: Buffer.from([10, 0, 0, last]),
      bits: 32,
      port: 443,
    });
    table.add({ name: "s", id: 1, group: 3, forms: forms(secret), sinks: { networks: [at(1), at(2)], files: [] } });
    table.add({ name: "t", id: 2, group: 3, forms: forms(`${secret}2`), sinks: { networks: [at(1)], files: [] } });
    log.length = 0;
    table.setSinks("s", 1, { networks: [at(2), at(3)], files: [{ ino: 9n, dev: 1 }] });
    const keys = maps.leak_sinks.keys().map((key) => decodeLeakSinkKey(key));
    const hosts = (owner: number) => keys.filter((key) => key.owner === owner).map(({ address }) => address[3]);
    expect([hosts(1), hosts(2)]).toEqual([[2, 3], [1]]);
    expect(keys[0]).toMatchObject({ prefixlen: 96, family: 4, port: 0xbb01 });
    expect(log.indexOf("-leak_sinks")).toBeGreaterThan(log.lastIndexOf("leak_sinks"));
    expect(maps.leak_sink_files.entries.size).toBe(1);
    table.remove([1]);
    expect([maps.leak_sinks.entries.size, maps.leak_sink_files.entries.size]).toEqual([1, 0]);
  });

  it.each([
    ["leak_sinks", "network"],
    ["leak_sink_files", "file"],
  ] as const)("allow what they did, and nothing more, where %s has no room for a new %s", (full, _) => {
    const { table, forms, maps, contents } = machine();
    const at = (last: number): SinkNetwork => ({
      family: 4,
      address: Buffer.from([10, 0, 0, last]),
      bits: 32,
      port: 443,
    });
    const before = { networks: [at(1), at(2)], files: [{ ino: 9n, dev: 1 }] };
    table.add({ name: "s", id: 1, group: 3, forms: forms(secret), sinks: before });
    const held = contents();
    maps[full].room = maps[full].entries.size + 1;
    const wanted = {
      networks: [at(2), at(3), at(4)].slice(0, full === "leak_sinks" ? 3 : 2),
      files: [9n, 10n, 11n].map((ino) => ({ ino, dev: 1 })),
    };
    expect(() => table.setSinks("s", 1, wanted)).toThrow(
      expect.objectContaining({ code: "SECRETS_FULL", message: expect.stringContaining(full) }),
    );
    expect(contents()).toEqual(held);
  });

  it("know a value with NUL and invalid UTF-8, and every encoding of the engine", () => {
    const { table, anchors } = machine();
    const bytes = Buffer.concat([Buffer.from("a\0b\"\\ '$<&"), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from("xyz/")]);
    const forms = native.fingerprints(bytes, table.key);
    table.add({ name: "s", id: 1, group: 3, forms, sinks: none });
    expect(new Set(anchors().map(({ encoding }) => encoding))).toEqual(new Set(Object.values(LeakEncoding)));
  });

  it("are taken out without a look at those of others, however many there are", () => {
    const { maps, table, add } = machine();
    add(1, "the-first-secret-of-all");
    const alone = looksInto(maps.leak_anchors, () => table.remove([1]));
    for (let id = 2; id < 40; id++) add(id, `another-secret-with-number-${id * 7919}`);
    add(1, "the-first-secret-of-all");
    expect(looksInto(maps.leak_anchors, () => table.remove([1]))).toBeLessThanOrEqual(2 * alone);
    expect(maps.leak_anchors.entries.size).toBeGreaterThan(38);
  });
});
