// SPDX-License-Identifier: Apache-2.0
// Watching by rewrite, by rename and by the link swap of a mounted ConfigMap; identity of executables.

import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it, vi } from "vitest";
import { kernelDevice, resolveExecutable, watchConfig } from "../../src/config/index.js";

const root = mkdtempSync(join(tmpdir(), "ct-watch-"));
afterAll(() => rmSync(root, { recursive: true }));

async function watched(name: string, prepare: (directory: string) => void, change: (directory: string) => void) {
  const directory = join(root, name);
  mkdirSync(directory);
  prepare(directory);
  const onChange = vi.fn();
  const watcher = watchConfig(join(directory, "config.yaml"), onChange, { debounceMs: 30, pollMs: 60_000 });
  try {
    await sleep(30);
    change(directory);
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 3000).catch(() => undefined);
    await sleep(120);
    return onChange.mock.calls.length;
  } finally {
    watcher.close();
  }
}

const write = (content: string) => (directory: string) => writeFileSync(join(directory, "config.yaml"), content);

describe("watchConfig", () => {
  it("sees a rewrite once", async () => {
    expect(await watched("rewrite", write("a"), (d) => [write("b")(d), write("c")(d)])).toBe(1);
  });

  it("sees an editor's rename", async () => {
    const rename = (directory: string) => {
      writeFileSync(join(directory, ".new"), "b");
      renameSync(join(directory, ".new"), join(directory, "config.yaml"));
    };
    expect(await watched("rename", write("a"), rename)).toBe(1);
  });

  it("sees a ConfigMap's link swap", async () => {
    const publish = (directory: string, version: string) => {
      mkdirSync(join(directory, version));
      writeFileSync(join(directory, version, "config.yaml"), version);
      symlinkSync(version, join(directory, "..data_tmp"));
      renameSync(join(directory, "..data_tmp"), join(directory, "..data"));
    };
    const prepare = (directory: string) => {
      publish(directory, "..1");
      symlinkSync("..data/config.yaml", join(directory, "config.yaml"));
    };
    expect(await watched("configmap", prepare, (directory) => publish(directory, "..2"))).toBe(1);
  });

  it("keeps quiet when the content is the same", async () => {
    const onChange = vi.fn();
    write("a")(root);
    const watcher = watchConfig(join(root, "config.yaml"), onChange, { debounceMs: 10 });
    write("a")(root);
    await sleep(100);
    watcher.close();
    write("b")(root);
    await sleep(100);
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe("resolveExecutable", () => {
  it("decodes st_dev as the kernel does", () => {
    expect(kernelDevice(0x801n)).toBe((8 << 20) | 1);
    expect(kernelDevice(0xfe00n)).toBe(254 << 20);
    // minor 0x12345 is split: low 8 bits, then from bit 20 on
    expect(kernelDevice((0x123n << 20n) | (8n << 8n) | 0x45n)).toBe((8 << 20) | 0x12345);
  });

  it("follows links to the file's own identity", () => {
    const link = join(root, "node-link");
    symlinkSync(process.execPath, link);
    expect(resolveExecutable(link).exeIno).toBe(statSync(process.execPath, { bigint: true }).ino);
  });

  it("refuses what is missing or no file", () => {
    expect(() => resolveExecutable(join(root, "absent"))).toThrow(/absent cannot be used: ENOENT/);
    expect(() => resolveExecutable(root)).toThrow(/not a regular file/);
  });
});
