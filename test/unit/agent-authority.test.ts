// SPDX-License-Identifier: Apache-2.0
// Who may loosen protection: which configuration is in force, and which request is done.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Authority, authorityOf, checkConfiguration } from "../../src/agent/authority.js";
import { type Config, type ConfigInput, loadConfig } from "../../src/config/index.js";
import { CloudtaserError } from "../../src/errors/index.js";
import type { RememberedAuthority } from "../../src/kernel/index.js";
import { configurationText, makeKey, readSigner, sha256Hex, signaturePath } from "../../src/keys/index.js";
import { createLog } from "../../src/log/index.js";
import type { Notice } from "../../src/pipeline/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-authority-"));
afterAll(() => rmSync(directory, { recursive: true }));

const newSigner = (name: string) => {
  makeKey(join(directory, name));
  return readSigner(join(directory, name));
};
const own = newSigner("own.key");
const other = newSigner("other.key");
const file = join(directory, "config.yaml");

const textWith = (publicKey: string, serial = 0, mode = "enforce"): string =>
  `mode: ${mode}\nauthority:\n  publicKey: ${publicKey}\n  serial: ${serial}\n`;

function write(text: string, signer = own): void {
  writeFileSync(file, text);
  writeFileSync(signaturePath(file), `${signer.sign(configurationText(sha256Hex(text)))}\n`);
}

const check = (remembered?: RememberedAuthority, input: Partial<ConfigInput> = {}): void =>
  checkConfiguration(loadConfig({ file, ...input }), remembered);
const remembered = (serial = 0, signer = own, digest = "") => ({
  publicKey: signer.publicKey,
  serial: BigInt(serial),
  digest,
});

describe("a configuration", () => {
  beforeEach(() => write(textWith(own.publicKey, 3)));

  it("that its authority signed is in force", () => {
    expect(() => check()).not.toThrow();
    expect(() => check(remembered(3))).not.toThrow();
    expect(() => check(remembered(2), { env: { NODE_NAME: "node-1" }, flags: { logLevel: "debug" } })).not.toThrow();
  });

  it("without an authority is as ever, where none is remembered", () => {
    writeFileSync(file, "mode: detect\n");
    expect(() => check()).not.toThrow();
    expect(() => checkConfiguration(loadConfig({ flags: { mode: "detect" } }), undefined)).not.toThrow();
  });

  it.each<[string, () => void, string]>([
    ["that was changed", () => writeFileSync(file, textWith(own.publicKey, 3, "detect")), "of another content"],
    ["without a signature", () => rmSync(signaturePath(file)), "cannot be read"],
    ["whose signature is nonsense", () => writeFileSync(signaturePath(file), "x"), "not the authority's"],
    ["that somebody else signed", () => write(textWith(own.publicKey, 3), other), "not the authority's"],
    ["that somebody else signed for himself", () => write(textWith(other.publicKey, 4), other), "not the authority's"],
    ["that names none any more", () => write("mode: enforce\n"), "it names no authority"],
    ["of before", () => write(textWith(own.publicKey, 2)), "lower than 3"],
  ])("%s is refused while guards remember an authority", (_, change, reason) => {
    change();
    expect(() => check(remembered(3))).toThrow(reason);
    try {
      check(remembered(3));
    } catch (error) {
      expect((error as CloudtaserError).code).toBe("AUTHORITY_CONFIGURATION");
    }
  });

  it("may name the next authority, by the signature of the one before", () => {
    write(textWith(other.publicKey, 4));
    expect(() => check(remembered(3))).not.toThrow();
    const now = authorityOf(loadConfig({ file }));
    expect(now).toMatchObject({ publicKey: other.publicKey, serial: 4n });
    expect(() => check(now), "the same file again").not.toThrow();
    write(textWith(other.publicKey, 5));
    expect(() => check(now), "and the next one signs from then on").toThrow("not the authority's");
    write(textWith(other.publicKey, 5), other);
    expect(() => check(now)).not.toThrow();
  });

  it.each<[string, Partial<ConfigInput>]>([
    ["a variable", { env: { ENFORCE_MODE: "detect" } }],
    ["a flag", { flags: { onStop: "detach" } }],
    ["a flag for other objects", { flags: { objectPath: "/tmp" } }],
  ])("is not changed by %s", (_, input) => {
    expect(() => check(remembered(3), input)).toThrow("changes what the authority has signed");
  });

  it("must be a file", () => {
    expect(() => checkConfiguration(loadConfig({ file: undefined, env: {} }), remembered())).toThrow(
      "an authority signs files",
    );
  });
});

describe("a request", () => {
  const told: Notice[] = [];
  const peer = { pid: 4242, uid: 0, gid: 0 };
  let authority: Authority;
  let config: ReturnType<typeof loadConfig>;

  beforeEach(() => {
    told.length = 0;
    write(textWith(own.publicKey));
    config = loadConfig({ file });
    const stream = { announce: (notice: Notice) => void told.push(notice) };
    authority = new Authority({ config: () => config, stream: () => stream, log: createLog({ level: "silent" }) });
  });

  it("that loosens protection needs a signature, and is told either way", () => {
    expect(() => authority.demand(peer, "unprotect pay")).toThrow(CloudtaserError);
    authority.demand({ ...peer, signed: true }, "unprotect pay");
    expect(told).toMatchObject([
      { type: "AUTHORITY_DENIED", detail: { what: "unprotect pay", pid: 4242, uid: 0 } },
      { type: "AUTHORITY_USED", detail: { what: "unprotect pay" } },
    ]);
  });

  it("needs none where there is no authority, and no signature counts", () => {
    config = loadConfig({ flags: { mode: "enforce" } });
    expect(() => authority.demand(peer, "unprotect pay")).not.toThrow();
    expect(authority.isSigned("text", own.sign("text"))).toBe(false);
    expect(authority.stopAs("detach")).toBe("detach");
    expect(told).toEqual([]);
  });

  it("is signed by this authority alone", () => {
    expect(authority.isSigned("text", own.sign("text"))).toBe(true);
    expect(authority.isSigned("text", other.sign("text"))).toBe(false);
    expect(authority.isSigned("text", "")).toBe(false);
  });

  it("for the first configuration, which nobody remembers, needs its own authority's signature", () => {
    expect(() => authority.check(config, undefined)).not.toThrow();
    writeFileSync(signaturePath(file), "x");
    expect(() => authority.check(config, undefined)).toThrow("not the authority's");
  });

  it("by a signal leaves the guards", () => {
    expect(authority.stopAs("detach")).toBe("leave");
    // Unless the file that it signed says that a stop may take them off.
    config = { ...config, authority: { ...config.authority, mayDetach: true } } as Config;
    expect([authority.stopAs("detach"), authority.stopAs("leave")]).toEqual(["detach", "leave"]);
  });

  it("for a configuration that is refused is told", () => {
    writeFileSync(file, textWith(own.publicKey, 0, "detect"));
    expect(() => authority.check(loadConfig({ file }), authority.inForce)).toThrow("of another content");
    expect(told).toMatchObject([{ type: "AUTHORITY_DENIED", detail: { what: "configuration" } }]);
  });
});
