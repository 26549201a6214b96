// SPDX-License-Identifier: Apache-2.0
// What a secret becomes: that whatever an ordinary library makes of it is found again, and that nothing of it is left.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LeakEncoding } from "../../src/kernel/abi.gen.js";
import type { Fingerprint } from "../../src/kernel/native.js";
import { anchorBit, anchorHash, find, fingerprintOf, keyOf, windowBit, wordAt } from "./leak-matcher.js";
import { failure, native } from "./support.js";

const keyBytes = randomBytes(16);
const key = keyOf(keyBytes);
const fingerprints = (secret: string | Buffer): Fingerprint[] => native.fingerprints(Buffer.from(secret), keyBytes);
const found = (text: string | Buffer, forms: readonly Fingerprint[]) => find(Buffer.from(text), forms, key);

const python = (text: string): string =>
  [...encodeURIComponent(text)].map((c) => (/[!*'()]/.test(c) ? `%${c.charCodeAt(0).toString(16)}` : c)).join("");
const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Each as somebody's library writes it. */
const encoders: Record<string, (secret: Buffer) => string> = {
  hex: (secret) => secret.toString("hex"),
  "hex upper": (secret) => secret.toString("hex").toUpperCase(),
  "base64 from the first byte": (secret) => secret.toString("base64"),
  "base64 one byte in": (secret) => Buffer.concat([Buffer.from("x"), secret, Buffer.from("yz")]).toString("base64"),
  "base64 two bytes in": (secret) => Buffer.concat([Buffer.from("xy"), secret, Buffer.from("z")]).toString("base64"),
  "base64url two bytes in": (secret) => Buffer.concat([Buffer.from("xy"), secret]).toString("base64url"),
  "lines of base64": (secret) => secret.toString("base64").replace(/.{76}/g, "$&\n"),
  "lines of PEM": (secret) => secret.toString("base64").replace(/.{64}/g, "$&\n"),
};

const textEncoders: Record<string, (secret: string) => string> = {
  encodeURIComponent,
  encodeURI,
  "a form in a browser": (secret) => new URLSearchParams({ token: secret }).toString(),
  "Python's quote, safe=''": python,
  "JSON.stringify": (secret) => JSON.stringify({ token: secret }),
  "Python's json.dumps": ascii,
  "Go's encoding/json": (secret) =>
    JSON.stringify(secret).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "PHP's json_encode": (secret) => ascii(secret).replaceAll("/", "\\/"),
  "Python's shlex.quote": (secret) => `'${secret.replaceAll("'", `'"'"'`)}'`,
  "single quotes of a shell": (secret) => `'${secret.replaceAll("'", "'\\''")}'`,
  "double quotes of a shell": (secret) => `"${secret.replace(/[$`"\\]/g, "\\$&")}"`,
};

const secretBytes = fc.uint8Array({ minLength: 12, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const secretText = fc
  .string({ unit: "grapheme", minLength: 12, maxLength: 120 })
  .filter((text) => Buffer.byteLength(text) >= 12 && Buffer.from(text).toString() === text);
const around = fc.tuple(fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }));

describe("a secret is found", () => {
  it("as it is, whatever stands around it", () => {
    fc.assert(
      fc.property(secretBytes, around, (secret, [before, after]) => {
        const text = Buffer.concat([Buffer.from(before), secret, Buffer.from(after)]);
        expect(found(text, fingerprints(secret))?.encoding).toBe(LeakEncoding.plain);
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  it.each(Object.entries(encoders))("as %s", (_, encode) => {
    fc.assert(
      fc.property(secretBytes, around, (secret, [before, after]) => {
        expect(found(`${before}${encode(secret)}${after}`, fingerprints(secret))).toBeDefined();
      }),
      { seed: 5, numRuns: 30 },
    );
  });

  it.each(Object.entries(textEncoders))("as %s writes it", (_, encode) => {
    fc.assert(
      fc.property(secretText, around, (secret, [before, after]) => {
        expect(found(`${before}${encode(secret)}${after}`, fingerprints(secret))).toBeDefined();
      }),
      { seed: 6, numRuns: 30 },
    );
  });

  it("with NUL, invalid UTF-8 and escapes in it", () => {
    const secret = Buffer.concat([Buffer.from("a\0b'\"\\\n$"), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from("xyz")]);
    const forms = fingerprints(secret);
    expect(found(secret, forms)).toBeDefined();
    expect(found("a%00b%27%22%5C%0A%24%FF%C3%28xyz", forms)?.encoding).toBe(LeakEncoding.percent);
    expect(found("a%00b%27%22%5c%0a%24%ff%c3%28xyz", forms)?.encoding).toBe(LeakEncoding.percent);
    expect(found("$'a\\000b\\'\"\\\\\\n$\\377\\303(xyz'", forms)?.encoding).toBe(LeakEncoding.shell);
  });

  it("not where one bit of it is another", () => {
    fc.assert(
      fc.property(secretBytes, fc.nat(), (secret, where) => {
        const text = Buffer.from(secret);
        const bit = where % (8 * text.length);
        text[bit >> 3] = (text[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(found(text, fingerprints(secret))).toBeUndefined();
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it("by any piece of what is longer than a form may be", () => {
    const secret = randomBytes(20_000);
    const forms = fingerprints(secret);
    expect(forms.every(({ length }) => length <= 1024)).toBe(true);
    expect(forms.filter(({ encoding }) => encoding === LeakEncoding.plain)).toHaveLength(8);
    expect(found(secret.subarray(0, 1024), forms)).toBeDefined();
    expect(found(secret.subarray(-1024), forms)).toBeDefined();
    expect(found(secret.toString("hex").slice(-1024), forms)).toBeDefined();
    expect(found(secret.subarray(-1023), forms)).toBeUndefined();
  });
});

describe("fingerprints", () => {
  const text = "correct horse battery/staple+9";
  const forms = fingerprints(text);
  const encodingsOf = (list: readonly Fingerprint[]) => list.map(({ encoding }) => encoding);

  it("are those of the description", () => {
    const secret = Buffer.from(text);
    const [plain] = forms;
    expect(plain).toMatchObject({ encoding: LeakEncoding.plain, length: 30, fingerprint: fingerprintOf(secret, key) });
    const windows = Array.from({ length: 23 }, (_, offset) => windowBit(wordAt(secret, offset), key));
    // In an order that says nothing of the secret.
    const inOrder = windows.toSorted((one, other) => one - other);
    expect(Array.from({ length: 23 }, (_, i) => plain?.windows.readUInt32LE(4 * i))).toEqual(inOrder);
    expect(plain?.windows).toHaveLength(4 * 23);
    for (let at = 0; at < (plain?.candidates.length ?? 0); at += 16) {
      const window = wordAt(secret, plain?.candidates.readUInt32LE(at + 12) ?? -1);
      expect(plain?.candidates.readBigUInt64LE(at)).toBe(anchorHash(window, key));
      expect(plain?.candidates.readUInt32LE(at + 8)).toBe(anchorBit(window, key));
    }
  });

  it("prefer a window of many different bytes", () => {
    const [plain] = fingerprints("aaaaaaaaaaaaaaaa12345678aaaaaaaaaaaaaaaa");
    expect(plain?.candidates.readUInt32LE(12)).toBe(15);
    // Of the windows of nothing but one letter only one is offered.
    expect(plain?.candidates.length).toBe(16 * 16);
  });

  it("come once for equal forms", () => {
    expect(encodingsOf(fingerprints("0123456789012345"))).toEqual([
      LeakEncoding.plain,
      LeakEncoding.base64,
      LeakEncoding.base64,
      LeakEncoding.base64,
      LeakEncoding.hex,
    ]);
    const prints = forms.map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  });

  it("differ by key, and are the same by the same", () => {
    expect(fingerprints(text)).toEqual(forms);
    expect(native.fingerprints(Buffer.from(text), randomBytes(16))[0]?.fingerprint).not.toBe(forms[0]?.fingerprint);
  });

  it("leave zeros where the secret was, also when they are refused", () => {
    const good = Buffer.from(text);
    native.fingerprints(good, keyBytes);
    expect(good).toEqual(Buffer.alloc(good.length));
    for (const [secret, bytes] of [
      ["elevenbytes", keyBytes],
      ["x".repeat(65_537), keyBytes],
      [text, Buffer.alloc(15)],
    ] as const) {
      const buffer = Buffer.from(secret);
      const error = failure(() => native.fingerprints(buffer, bytes));
      expect(error.code).toBe("BAD_ARGUMENT");
      expect(JSON.stringify([error.message, error.target, error.log])).not.toContain(secret);
      expect(buffer).toEqual(Buffer.alloc(buffer.length));
    }
    expect(failure(() => native.fingerprints(text as unknown as Uint8Array, keyBytes)).message).not.toContain(text);
  });
});
