// SPDX-License-Identifier: Apache-2.0
// An event of a leak: names for numbers, and where it was to go.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as abi from "../../src/kernel/abi.gen.js";
import { abiNames, type DecodedEvent } from "../../src/pipeline/index.js";
import { leakDetail, unscannedReason, unscannedReasons } from "../../src/pipeline/leak.js";
import { read } from "../contract/sources.js";

const names = abiNames(abi);
const { LeakEncoding, LeakPlace, LeakReason, LeakSink } = abi;
const header = read("bpf/abi_leak.h");
const shift = (name: string): bigint => BigInt(new RegExp(`CT_LEAK_ARG_${name}\\s+(\\d+)`).exec(header)?.[1] ?? -1);

function word(parts: Record<string, number>): bigint {
  return Object.entries(parts).reduce((all, [name, value]) => all | (BigInt(value) << shift(name)), 0n);
}

const who = {
  startBoottimeNs: 1n,
  cgroupId: 1n,
  exeIno: 1n,
  exeDev: 1,
  tgid: 1,
  tid: 1,
  ppid: 1,
  uid: 0,
  group: 3,
  comm: "pay",
};

const event = (arg: bigint[], name = ""): DecodedEvent => ({
  timeNs: 1n,
  arg,
  offender: who,
  target: who,
  name,
  syscall: 1,
  error: -1,
  abi: 1,
  vector: 39,
  door: 10,
  outcome: 1,
  flags: 0,
});

const detail = (arg: bigint[], name?: string) =>
  leakDetail(event(arg, name), names, (id) => (id === 5 ? "db\u001b_password" : undefined));

/** Sixteen bytes as two words of memory. */
const address = (hex: string): [bigint, bigint] => {
  const bytes = Buffer.from(hex, "hex");
  return [bytes.readBigUInt64LE(0), bytes.readBigUInt64LE(8)];
};

describe("a leak", () => {
  it("to a file says which secret, how it was written, where in the operation, and the file's name", () => {
    const arg = word({ ENCODING: LeakEncoding.base64, PLACE: LeakPlace.first_64, SINK: LeakSink.file, LENGTH: 42 });
    expect(detail([5n, arg, 0n, 0n], "app\n.log")).toEqual({
      secret: "db\\x1b_password",
      encoding: "base64",
      offset: "first_64",
      length: 42,
      sink: "file",
      name: "app\\x0a.log",
    });
  });

  it.each([
    ["00000000000000000000ffffc0000207", "192.0.2.7:443"],
    ["20010db8000000000000000000000007", "[2001:db8::7]:443"],
    ["00000000000000000000000000000001", "[::1]:443"],
  ])("to %s names the place", (hex, destination) => {
    const arg = word({ SINK: LeakSink.internet, PORT: 443, PLACE: LeakPlace.start, LENGTH: 16 });
    expect(detail([5n, arg, ...address(hex)])).toMatchObject({ sink: "internet", destination, encoding: "plain" });
  });

  it("of a secret that nobody knows any more has its number", () => {
    expect(detail([77n, 0n, 0n, 0n])).toMatchObject({ secret: "secret-77" });
  });

  it("that could not be looked for says why, and neither secret nor encoding", () => {
    for (const reason of unscannedReasons) {
      const arg = [0n, word({ REASON: LeakReason[reason], SINK: LeakSink.pipe }), 0n, 0n];
      expect(detail(arg)).toEqual({ unscanned: reason, sink: "pipe" });
      expect(unscannedReason(event(arg), names)).toBe(reason);
    }
    expect(unscannedReason(event([5n, 0n, 0n, 0n]), names)).toBeUndefined();
  });

  it("of numbers that this build does not know comes through", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 4 }), fc.string(), (arg, name) => {
        for (const value of Object.values(detail(arg, name))) expect(["string", "number"]).toContain(typeof value);
      }),
      { seed: 10 },
    );
  });
});
