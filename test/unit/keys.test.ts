// SPDX-License-Identifier: Apache-2.0
// Keys of an authority, and what they sign.

import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { configurationText, isSignedBy, makeKey, readSigner, requestText, sha256Hex } from "../../src/keys/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-keys-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("keys", () => {
  const path = join(directory, "authority.key");

  it("are made for their owner alone, and never over what is there", () => {
    makeKey(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { publicKey } = readSigner(path);
    expect(() => makeKey(path)).toThrow("EEXIST");
    expect(readSigner(path).publicKey).toBe(publicKey);
    expect(Buffer.from(publicKey, "base64")).toHaveLength(32);
  });

  it.each([
    ["that others may read", "", (file: string) => chmodSync(file, 0o640)],
    ["behind a link", ".link", (file: string) => symlinkSync(path, file)],
    ["of another kind", ".text", (file: string) => writeFileSync(file, "no key", { mode: 0o600 })],
    ["that are not there", ".none", () => {}],
  ])("%s are refused", (_, suffix, make) => {
    make(path + suffix);
    expect(() => readSigner(path + suffix)).toThrow();
    chmodSync(path, 0o600);
  });

  it("sign one text of one kind", () => {
    chmodSync(path, 0o600);
    const { publicKey, sign } = readSigner(path);
    const digest = sha256Hex("mode: enforce\n");
    const signature = sign(configurationText(digest));
    expect(isSignedBy(publicKey, configurationText(digest), signature)).toBe(true);
    expect(isSignedBy(publicKey, configurationText(sha256Hex("mode: detect\n")), signature)).toBe(false);
    const request = { challenge: "c", method: "POST", path: "/v1/unprotect", digest };
    const texts = [
      request,
      { ...request, challenge: "d" },
      { ...request, method: "GET" },
      { ...request, path: "/v1/secrets" },
      { ...request, digest: sha256Hex("") },
    ].map(requestText);
    const signed = sign(requestText(request));
    expect(texts.map((text) => isSignedBy(publicKey, text, signed))).toEqual([true, false, false, false, false]);
    expect(isSignedBy(publicKey, requestText(request), signature)).toBe(false);
  });
});
