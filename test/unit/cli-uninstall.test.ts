// SPDX-License-Identifier: Apache-2.0
// Uninstall removes every pin, waits until the kernel let go, and keeps its hands off a running agent's.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { uninstallGuards } from "../../src/cli/uninstall.js";
import { encodeAuthority } from "../../src/kernel/abi.gen.js";
import type { BpfLink, BpfMap, Native } from "../../src/kernel/native.js";
import { makeKey, readSigner } from "../../src/keys/index.js";
import { fakeAgent, freshSocket, scratch } from "./cli-support.js";

function pinned(name: string): string {
  const path = join(scratch, name);
  for (const [directory, file] of [
    ["doors-1", "bpf"],
    ["doors-2", "file_open"],
    ["maps", "scope"],
  ] as const) {
    mkdirSync(join(path, directory), { recursive: true });
    writeFileSync(join(path, directory, file), "");
  }
  return path;
}

/** A kernel that still has the program behind `held` for `rounds` questions. */
function fakeKernel(path: string, held: string, rounds: number): () => Promise<Native> {
  const openLink: Native["openLink"] = (link) =>
    ({ info: () => ({ id: 1, programId: link.endsWith(held) ? 7 : 8 }), close: () => {} }) as BpfLink;
  const loadedProgram: Native["loadedProgram"] = (id) => {
    if (existsSync(path)) throw new Error("asked before the pins were gone");
    if (id === 7 && rounds-- > 0) return {} as ReturnType<Native["loadedProgram"]>;
    throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
  };
  const peerCredentials = () => ({ pid: 1, uid: 0, gid: 0 });
  return async () => ({ openLink, loadedProgram, peerCredentials }) as unknown as Native;
}

const user = vi.spyOn(process, "geteuid");
beforeEach(() => void user.mockReturnValue(0));

describe("uninstallGuards", () => {
  it("removes every generation, and waits for the kernel", async () => {
    const path = pinned("bpffs-1");
    const options = { socket: freshSocket(), native: fakeKernel(path, "bpf", 2) };
    const { removed, held } = await uninstallGuards(path, options);
    expect(removed).toEqual(["doors-1/bpf", "doors-2/file_open", "maps/scope"].map((name) => join(path, name)));
    expect(held).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it("names what another process keeps in place", async () => {
    const path = pinned("bpffs-2");
    const options = { socket: freshSocket(), native: fakeKernel(path, "bpf", Number.POSITIVE_INFINITY), patience: 100 };
    expect((await uninstallGuards(path, options)).held).toEqual([join(path, "doors-1/bpf")]);
  });

  it("asks for the authority's key where the guards remember one", async () => {
    const path = pinned("bpffs-authority");
    writeFileSync(join(path, "maps/authority"), "");
    const keys = ["own.key", "other.key"].map((name) => join(scratch, name));
    for (const key of keys) makeKey(key);
    const [own = "", other = ""] = keys;
    const entry = encodeAuthority({
      serial: 1n,
      key: Buffer.from(readSigner(own).publicKey, "base64"),
      digest: Buffer.alloc(32),
    });
    const openMap = () => ({ lookup: () => entry, close: () => {} }) as unknown as BpfMap;
    const native = async () => ({ ...(await fakeKernel(path, "none", 0)()), openMap });
    const uninstall = (key?: string) => uninstallGuards(path, { socket: freshSocket(), native, key });
    await expect(uninstall()).rejects.toMatchObject({ code: "AUTHORITY_NEEDED" });
    await expect(uninstall(other)).rejects.toMatchObject({ code: "AUTHORITY_DENIED" });
    await expect(uninstall(join(scratch, "no.key"))).rejects.toMatchObject({ code: "AUTHORITY_KEY_UNUSABLE" });
    expect(existsSync(join(path, "doors-1/bpf"))).toBe(true);
    expect((await uninstall(own)).held).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });

  it("has nothing to do where nothing is", async () => {
    const native = () => Promise.reject(new Error("not needed"));
    const result = await uninstallGuards(join(scratch, "nothing"), { socket: freshSocket(), native });
    expect(result).toEqual({ removed: [], held: [] });
  });

  it("leaves a running agent's guards alone", async () => {
    const path = pinned("bpffs-3");
    const options = { socket: await fakeAgent(), native: fakeKernel(path, "bpf", 0) };
    await expect(uninstallGuards(path, options)).rejects.toMatchObject({ code: "AGENT_RUNNING", exitCode: 5 });
    expect(existsSync(join(path, "doors-1", "bpf"))).toBe(true);
  });

  it("needs root", async () => {
    user.mockReturnValue(1000);
    const options = { socket: freshSocket(), native: () => Promise.reject(new Error("not needed")) };
    await expect(uninstallGuards(scratch, options)).rejects.toMatchObject({ code: "NOT_ROOT", exitCode: 4 });
  });
});
