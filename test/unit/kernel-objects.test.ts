// SPDX-License-Identifier: Apache-2.0
// Which BPF objects are loaded: those of this build, or one whose digest the configuration names; and as they were checked.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CloudtaserError } from "../../src/errors/index.js";
import { type ObjectName, objectDigests } from "../../src/kernel/digests.gen.js";
import { loadNative } from "../../src/kernel/load-native.js";
import { doorsObject, foreignObjects, objectFile, openObject, readObject } from "../../src/kernel/objects.js";
import { objectsPath } from "../../src/kernel/paths.js";

const scratch = mkdtempSync(join(tmpdir(), "cloudtaser-objects-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const names = Object.keys(objectDigests) as ObjectName[];
const name = "cloudtaser-leaks.bpf.o";
const path = join(scratch, name);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const digestOf = (file: string): string => sha256(readFileSync(file));

function refusal(action: () => unknown): CloudtaserError {
  try {
    action();
  } catch (error) {
    if (error instanceof CloudtaserError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("objects of this build", () => {
  it.each(names)("%s has the digest that is compiled in, and opens", (own) => {
    const bytes = readObject(objectFile(own));
    expect(sha256(bytes)).toBe(objectDigests[own]);
    const object = openObject(loadNative(), own, bytes);
    expect(object.programs().length).toBeGreaterThan(5);
    object.close();
  });

  it("are taken from another directory too", () => {
    copyFileSync(join(objectsPath(), name), path);
    expect(readObject(objectFile(name, { directory: scratch })).length).toBeGreaterThan(1000);
    const named = join(scratch, "cloudtaser-signal.bpf.o");
    expect(objectFile(name, { directory: named }), "one of them names the directory").toMatchObject({ path });
  });

  it("are chosen by form", () => {
    expect(doorsObject("lsm").path).toBe(join(objectsPath(), "cloudtaser.bpf.o"));
    expect(doorsObject("fmod_ret", { directory: "/d" }).path).toBe("/d/cloudtaser.bpf.o");
    expect(doorsObject("lsm", {}, "integrity").path).toBe(join(objectsPath(), "cloudtaser.bpf.o"));
    expect(doorsObject("lsm", {}, "confidentiality").path).toBe(join(objectsPath(), "cloudtaser-typed.bpf.o"));
    expect(doorsObject("signal", {}, "confidentiality").path).toBe(join(objectsPath(), "cloudtaser-signal.bpf.o"));
    expect(doorsObject("signal").digest).toBe(objectDigests["cloudtaser-signal.bpf.o"]);
  });
});

describe("a file that is not the object", () => {
  const whole = readFileSync(join(objectsPath(), name));
  const flipped = Buffer.from(whole);
  flipped.writeUInt8(flipped.readUInt8(flipped.length >> 1) ^ 1, flipped.length >> 1);

  it.each([
    ["one bit is another", flipped],
    ["a byte is added", Buffer.concat([whole, Buffer.from("x")])],
    ["the last byte is missing", whole.subarray(0, -1)],
    ["empty", Buffer.alloc(0)],
    ["another object of this build", readFileSync(join(objectsPath(), "cloudtaser.bpf.o"))],
  ])("is refused: %s", (_, bytes) => {
    writeFileSync(path, bytes);
    const error = refusal(() => readObject(objectFile(name, { directory: scratch })));
    expect(error).toMatchObject({ code: "OBJECT_ALTERED", target: path, exitCode: 1 });
    expect(error.message).toContain(sha256(bytes));
    expect(error.message).toContain(objectDigests[name]);
    expect(error.help).toContain("objectDigests");
  });

  it("is refused: missing, a directory, a pipe that nobody writes to, larger than any object", () => {
    const at = (directory: string) => objectFile(name, { directory });
    expect(refusal(() => readObject(at("/no/such/place"))).code).toBe("OBJECT_MISSING");
    expect(refusal(() => readObject(at("/etc/passwd"))).code).toBe("OBJECT_MISSING");
    expect(refusal(() => readObject({ path: scratch, digest: "" }))).toMatchObject({
      code: "OBJECT_DAMAGED",
      message: expect.stringContaining("not a regular file"),
    });
    const pipe = join(scratch, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(refusal(() => readObject({ path: pipe, digest: "" })).code).toBe("OBJECT_DAMAGED");
    expect(refusal(() => readObject({ path: "/dev/zero", digest: "" })).code).toBe("OBJECT_DAMAGED");
    const large = join(scratch, "large");
    execFileSync("truncate", ["-s", "33M", large]);
    expect(refusal(() => readObject({ path: large, digest: "" })).message).toContain("larger than");
  });
});

describe("an object of one's own", () => {
  const own = Buffer.from("not the object of this build");

  it("is taken by the digest that the configuration names, in either case, and by no other", () => {
    writeFileSync(path, own);
    const named = (digest: string) => ({ directory: scratch, digests: { [name]: digest } });
    expect(readObject(objectFile(name, named(sha256(own)))).equals(own)).toBe(true);
    expect(readObject(objectFile(name, named(sha256(own).toUpperCase()))).equals(own)).toBe(true);
    expect(refusal(() => readObject(objectFile(name, named("0".repeat(64))))).code).toBe("OBJECT_ALTERED");
  });

  it("takes the place of that of this build, which is refused then", () => {
    copyFileSync(join(objectsPath(), name), path);
    const source = { directory: scratch, digests: { [name]: sha256(own) } };
    expect(refusal(() => readObject(objectFile(name, source))).code).toBe("OBJECT_ALTERED");
  });

  it("says nothing for the other objects", () => {
    const digest = digestOf(join(objectsPath(), "cloudtaser-signal.bpf.o"));
    const source = { digests: { "cloudtaser-signal.bpf.o": digest } };
    expect(objectFile("cloudtaser.bpf.o", source).digest).toBe(objectDigests["cloudtaser.bpf.o"]);
  });

  it("is told of", () => {
    expect(foreignObjects({})).toEqual([]);
    expect(foreignObjects({ digests: { [name]: objectDigests[name].toUpperCase() } })).toEqual([]);
    expect(foreignObjects({ digests: { [name]: sha256(own) } })).toEqual([name]);
  });

  it("is damaged if it is named and is no object", () => {
    const error = refusal(() => openObject(loadNative(), path, own));
    expect(error).toMatchObject({ code: "OBJECT_DAMAGED", target: path });
  });
});

it("what was checked stays what is loaded when the file changes", () => {
  copyFileSync(join(objectsPath(), name), path);
  chmodSync(path, 0o600);
  const bytes = readObject(objectFile(name, { directory: scratch }));
  writeFileSync(path, "something else");
  const object = openObject(loadNative(), path, bytes);
  expect(object.programs().length).toBeGreaterThan(5);
  object.close();
});
