// SPDX-License-Identifier: Apache-2.0
// A disk that fails while the image's executable is put on it: nothing of that is left.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { renewExecutable } from "../../src/agent/executable.js";
import { createLog } from "../../src/log/index.js";

const disk = vi.hoisted(() => ({ fails: false, closed: 0 }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    open: async (...given: Parameters<typeof real.open>) => {
      const file = await real.open(...given);
      const close = file.close.bind(file);
      file.close = () => {
        disk.closed++;
        return close();
      };
      if (disk.fails) file.sync = () => Promise.reject(new Error("EIO: i/o error, fsync"));
      return file;
    },
  };
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-executable-"));
  writeFileSync(join(directory, "image"), "new");
  writeFileSync(join(directory, "node"), "old");
  Object.assign(disk, { fails: false, closed: 0 });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const renew = (stopping: () => boolean) =>
  renewExecutable({
    image: join(directory, "image"),
    running: join(directory, "node"),
    kernel: { introduce: () => {} },
    stopping,
    log: createLog({ write: () => {} }),
  });

it.each([
  ["cannot be brought to the disk", true, false],
  ["is not wanted any more", false, true],
])("one that %s is closed and removed", async (_, fails, stops) => {
  disk.fails = fails;
  expect(await renew(() => stops)).toBe(false);
  expect([disk.closed, readdirSync(directory).sort()]).toEqual([1, ["image", "node"]]);
});

it("one that is in place stays there", async () => {
  expect(await renew(() => false)).toBe(true);
  expect([disk.closed, readdirSync(directory).sort()]).toEqual([1, ["image", "node"]]);
});
