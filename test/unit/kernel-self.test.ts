// SPDX-License-Identifier: Apache-2.0
// What the agent tells the doors of itself: descriptors that are closed again, identities that the kernel knows too.
import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Introduction } from "../../src/kernel/census.js";
import { deviceNumber } from "../../src/kernel/devices.js";
import { pinnedEntries, takeOwnPlace, withIntroduction } from "../../src/kernel/self.js";

const scratch = mkdtempSync(join(tmpdir(), "self-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const inode = (path: string): bigint => statSync(path, { bigint: true }).ino;

describe("pinnedEntries", () => {
  const top = join(scratch, "above", "top");
  mkdirSync(join(top, "maps"), { recursive: true });

  it("tells the directories of pins from those above them", () => {
    const entries = pinnedEntries([top, join(top, "maps")]);
    const how = (path: string): string | undefined => entries.find(({ ino }) => ino === inode(path))?.how;
    expect(how(top)).toBe("directory");
    expect(how(join(top, "maps"))).toBe("directory");
    expect(how(join(scratch, "above"))).toBe("above");
  });

  it("leaves out the root of the file system and what is gone", () => {
    expect(pinnedEntries(["/proc", join(scratch, "missing")]).map(({ ino }) => ino)).not.toContain(inode("/"));
    expect(pinnedEntries(["/proc/sys/kernel"]).map(({ ino }) => ino)).not.toContain(inode("/proc"));
  });
});

describe("withIntroduction", () => {
  it("names the file at the executable's path and opens the pins for as long as it is used", () => {
    let seen: Introduction | undefined;
    withIntroduction(scratch, (self) => {
      seen = self;
      expect(fstatSync(self.pinsFd, { bigint: true }).ino).toBe(inode(scratch));
    });
    expect(seen?.nextIno).toBe(inode(process.execPath));
    const again = openSync("/", "r");
    closeSync(again);
    expect(again).toBe(seen?.pinsFd);
  });

  it("has no descriptor where there are no pins", () => {
    withIntroduction(undefined, ({ pinsFd, hostFd }) => expect([pinsFd, hostFd]).toEqual([-1, -1]));
  });
});

it("turns a device number of stat(2) into the kernel's", () => {
  expect(deviceNumber(0x0801n)).toBe((8 << 20) | 1);
  expect(deviceNumber((0x12n << 20n) | (8n << 8n) | 0x03n)).toBe((8 << 20) | 0x1203);
});

describe("takeOwnPlace", () => {
  const self: Introduction = { nextDev: 0, nextIno: 0n, pinsFd: -1, hostFd: -1 };
  const census = (full: boolean) => ({ add: () => ({ records: [], added: full ? 0 : 1, full }) });

  it("says so if there is no place for the agent, which would be guarded by nothing", () => {
    expect(() => takeOwnPlace(census(false), self)).not.toThrow();
    expect(() => takeOwnPlace(census(true), self)).toThrow(/cannot protect the agent itself: the table .* is full/);
  });
});
