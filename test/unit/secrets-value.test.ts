// SPDX-License-Identifier: Apache-2.0
// Which values may be registered, and where they may go, in the words that people write.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parseNetwork, resolveSinks } from "../../src/secrets/sinks.js";
import { checkValue, maxLength, unfitReason, warningsOf } from "../../src/secrets/value.js";

const directory = mkdtempSync(join(tmpdir(), "ct-sinks-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("a value", () => {
  it.each([
    ["", "empty"],
    ["abc", "3 bytes long, and 12"],
    ["elevenbytes", "11 bytes long"],
    ["x".repeat(64), "one byte over and over"],
    ["\0".repeat(32), "one byte over and over"],
    ["changemechangeme", "repeats itself"],
    ["abcabcabcabcab", "repeats itself"],
    ["aaaaaaaaaaaaaaab", "too few different bytes"],
    ["4111111111111111", "too few different bytes"],
    ["ab".repeat(1000), "repeats itself"],
  ])("%j is refused: %s", (value, reason) => {
    expect(unfitReason(Buffer.from(value))).toContain(reason);
    const check = () => checkValue("token of pay", Buffer.from(value));
    expect(check).toThrow(expect.objectContaining({ code: "SECRET_UNFIT", target: "token of pay", exitCode: 2 }));
  });

  it("of a megabyte is refused, and so is one byte more than may be", () => {
    expect(unfitReason(Buffer.alloc(1024 * 1024))).toContain("1048576 bytes long, and 65536");
    const most = Buffer.from(Array.from({ length: maxLength + 1 }, (_, i) => (i * 7 + (i >> 8)) & 255));
    expect(unfitReason(most)).toContain("65537");
    expect(unfitReason(most.subarray(0, maxLength))).toBeUndefined();
  });

  it.each([
    "p4ssw0rd-9xQ",
    "0123456789012345",
    "correct horse battery staple",
    "6f1e8c2a90b47d35",
    "ключ-от-базы",
    "a\0b'\"\\\n$\u0007xyz",
  ])("%j is fit", (value) => expect(unfitReason(Buffer.from(value))).toBeUndefined());

  it("that is invalid UTF-8 is fit", () => {
    expect(unfitReason(Buffer.from([0xff, 0xfe, 0, 1, 0xc3, 0x28, 7, 9, 0x80, 0x81, 0x90, 0xa0]))).toBeUndefined();
  });

  it("drawn at random is fit, whatever its length", () => {
    const random = fc.uint8Array({ minLength: 16, maxLength: 512 }).filter((bytes) => new Set(bytes).size >= 10);
    fc.assert(
      fc.property(random, (bytes) => unfitReason(bytes) === undefined),
      { seed: 8 },
    );
  });

  it("below sixteen bytes is taken with a warning", () => {
    expect(warningsOf(Buffer.alloc(15))).toHaveLength(1);
    expect(warningsOf(Buffer.alloc(16))).toEqual([]);
  });
});

describe("an address", () => {
  const v4 = (...address: number[]) => Buffer.from(address);
  it.each([
    ["10.0.0.0/8:5432", { family: 4, address: v4(10, 0, 0, 0), bits: 8, port: 5432 }],
    ["10.1.2.3:443", { family: 4, address: v4(10, 1, 2, 3), bits: 32, port: 443 }],
    ["10.1.2.3", { family: 4, address: v4(10, 1, 2, 3), bits: 32, port: 0 }],
    ["0.0.0.0/0:*", { family: 4, address: v4(0, 0, 0, 0), bits: 0, port: 0 }],
    ["[::1]:5432", { family: 6, address: Buffer.from(`${"00".repeat(15)}01`, "hex"), bits: 128, port: 5432 }],
    [
      "[2001:db8::/32]:443",
      { family: 6, address: Buffer.from(`20010db8${"00".repeat(12)}`, "hex"), bits: 32, port: 443 },
    ],
    ["2001:db8::7", { family: 6, address: Buffer.from(`20010db8${"00".repeat(11)}07`, "hex"), bits: 128, port: 0 }],
    ["[::ffff:10.1.2.0/120]:53", { family: 4, address: v4(10, 1, 2, 0), bits: 24, port: 53 }],
    ["[::ffff:0a01:0203]:53", { family: 4, address: v4(10, 1, 2, 3), bits: 32, port: 53 }],
  ])("%s is understood", (text, network) => expect(parseNetwork(text)).toEqual(network));

  it.each([
    "db.internal:5432",
    "10.0.0.0/33:1",
    "10.0.0.256:1",
    "10.0.0.1:0",
    "10.0.0.1:65536",
    "10.0.0.1:",
    "[::1/129]:1",
    "[::1%eth0]:1",
    "::g",
    "010.0.0.1:1",
    "10.0.0.1:5432 ",
    "",
    "5432",
    ":5432",
  ])("%j is refused", (text) => {
    expect(() => parseNetwork(text)).toThrow(expect.objectContaining({ code: "SINK_UNUSABLE", exitCode: 2 }));
  });

  it("whatever is given never crashes it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789abcdef:./[]*%@-") }), (text) => {
        try {
          expect([4, 6]).toContain(parseNetwork(text).family);
        } catch (error) {
          expect(error).toMatchObject({ code: "SINK_UNUSABLE" });
        }
      }),
      { seed: 9, numRuns: 2000 },
    );
  });
});

describe("a path", () => {
  it("of a file or a socket is its device and inode", async () => {
    const file = join(directory, "audit.log");
    writeFileSync(file, "");
    const socket = join(directory, "db.sock");
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
    const found = resolveSinks([file, socket, "10.0.0.1:5432"]);
    expect(found.files.map(({ ino }) => ino)).toEqual([file, socket].map((path) => BigInt(statSync(path).ino)));
    expect(found.networks).toHaveLength(1);
    server.close();
  });

  it.each([
    ["that is not there", join(directory, "none"), "ENOENT"],
    ["of a directory", directory, "directory"],
    ["in the abstract", "@db", "binds it first"],
    ["with a NUL", "/tmp/a\0b", "NUL"],
    ["that is relative", "audit.log", "neither an address"],
  ])("%s is refused", (_, path, reason) => {
    mkdirSync(directory, { recursive: true });
    const resolve = () => resolveSinks([path]);
    expect(resolve).toThrow(
      expect.objectContaining({ code: "SINK_UNUSABLE", message: expect.stringContaining(reason) }),
    );
  });

  it("too many are refused", () => {
    expect(() => resolveSinks(new Array(65).fill("10.0.0.1"))).toThrow(/at most 64/);
  });
});
