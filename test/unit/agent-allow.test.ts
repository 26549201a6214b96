// SPDX-License-Identifier: Apache-2.0
// Allow lists on real files: digests, changes in place and of properties, control groups below one another.
import { createHash } from "node:crypto";
import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { AllowList } from "../../src/agent/allow.js";
import { namedCgroups } from "../../src/agent/cgroups.js";
import { loadConfig } from "../../src/config/index.js";
import type { AllowEntry } from "../../src/kernel/index.js";
import type { Log } from "../../src/log/index.js";
import { mostPerTurn } from "./turns.js";

const directory = mkdtempSync(join(tmpdir(), "ct-allow-"));
afterAll(() => rmSync(directory, { recursive: true }));

const log = { info: () => {}, warn: () => {} } as unknown as Log;
/** SHA-256 of "tool". */
const digest = "7c9bbe5ec9b3fb774e8fa0f54247e93c34ddf8e5d16fe3073420de0ae81a262d";
let number = 0;

function tool(): string {
  const path = join(directory, `tool${++number}`);
  writeFileSync(path, "tool");
  return path;
}

function configOf(allow: object[]) {
  const file = join(directory, "config.yaml");
  writeFileSync(file, JSON.stringify({ allow }));
  return loadConfig({ file });
}

/** What is let pass, without the container runtimes of this machine. */
const own = (entries: AllowEntry[]): AllowEntry[] => entries.filter(({ vector }) => vector === undefined);

async function standing(path: string): Promise<AllowList> {
  const list = new AllowList(log);
  const set = await list.resolve(configOf([{ exe: path }]));
  list.adopt(set);
  await vi.waitUntil(() => set.executables.get(path)?.digest !== undefined);
  return list;
}

const entriesOf = (list: AllowList): AllowEntry[] => own(list.set ? list.entries(list.set) : []);

describe("AllowList", () => {
  it("refuses what is missing, a directory, and another digest than that of the configuration", async () => {
    const list = new AllowList(log);
    for (const exe of [join(directory, "nobody"), directory]) {
      await expect(list.resolve(configOf([{ exe }]))).rejects.toThrow(/ALLOW_EXE_UNUSABLE|cannot/);
    }
    const other = list.resolve(configOf([{ exe: tool(), sha256: "0".repeat(64) }]));
    await expect(other).rejects.toThrow(/its sha256 is 7c9bbe5e/);
    const same = await list.resolve(configOf([{ exe: tool(), sha256: digest.toUpperCase() }]));
    expect(own(list.entries(same))).toHaveLength(1);
  });

  it("digests a large executable a block at a time, and the event loop turns in between", async () => {
    const [path, size] = [tool(), 8 * 1024 * 1024];
    truncateSync(path, size);
    const contents = Buffer.concat([Buffer.from("tool"), Buffer.alloc(size - 4)]);
    const sha256 = createHash("sha256").update(contents).digest("hex");
    const resolved = () => new AllowList(log).resolve(configOf([{ exe: path, sha256 }]));
    const { result, turns } = await mostPerTurn(() => 0, resolved);
    expect(result.executables.get(path)?.digest).toBe(sha256);
    expect(turns).toBeGreaterThanOrEqual(8);
  });

  it("lets container runtimes enter, end, limit and rule containers, and nothing else", async () => {
    const path = tool();
    const list = new AllowList(log);
    const set = await list.resolve(configOf([{ exe: path }]));
    const entries = list.entries({ ...set, config: configOf([]), runtimes: [{ path, children: true }] });
    expect(entries.map(({ vector }) => vector)).toEqual([
      "coredump_limits",
      "ns_enter",
      "agent_signal",
      "agent_cgroup",
    ]);
    expect(entries.map(({ limits }) => limits === true)).toEqual([true, false, false, false]);
    for (const { exe, uid } of entries) expect([exe, uid]).toEqual([set.executables.get(path)?.identity, undefined]);
  });

  it("takes an entry away when the file is written to, until it is loaded again", async () => {
    const path = tool();
    const list = await standing(path);
    expect(await list.check()).toBe(false);
    appendFileSync(path, "!");
    expect(await list.check()).toBe(true);
    expect(entriesOf(list)).toEqual([]);
    expect(list.warnings).toEqual([expect.stringContaining(`${path} was changed in place`)]);
    writeFileSync(path, "tool");
    expect(await list.check(), "the old contents are no way back").toBe(false);
    list.adopt(await list.resolve(configOf([{ exe: path }])));
    expect(entriesOf(list)).toHaveLength(1);
    expect(list.warnings).toEqual([]);
  });

  it("follows a change of properties that leaves the contents", async () => {
    const path = tool();
    const list = await standing(path);
    const [before] = entriesOf(list);
    chmodSync(path, 0o700);
    expect(await list.check()).toBe(true);
    const [after] = entriesOf(list);
    expect(after?.exe?.exeIno).toBe(before?.exe?.exeIno);
    expect([after?.exe?.ctimeSec, after?.exe?.ctimeNsec]).not.toEqual([before?.exe?.ctimeSec, before?.exe?.ctimeNsec]);
    expect(list.warnings).toEqual([]);
  });

  it("says when another file has taken the place, or none", async () => {
    const path = tool();
    const list = await standing(path);
    renameSync(tool(), path);
    await list.check();
    expect(list.warnings).toEqual([expect.stringContaining("is another file")]);
    const gone = tool();
    const other = await standing(gone);
    rmSync(gone);
    await other.check();
    expect(other.warnings).toEqual([expect.stringContaining("cannot be read any more")]);
  });

  it("waits for a control group that is not there yet", async () => {
    const list = new AllowList(log);
    const set = await list.resolve(configOf([{ cgroup: "/sys/fs/cgroup/ct-nobody-has-this" }, { uid: 7 }]));
    list.adopt(set);
    expect(entriesOf(list)).toMatchObject([{ uid: 7 }]);
    expect(list.warnings).toEqual([expect.stringContaining("ct-nobody-has-this is not there")]);
  });
});

describe("namedCgroups", () => {
  const ids: Record<string, bigint> = { "/a": 1n, "/a/b": 2n, "/ab": 3n, "": 9n };
  const idOf = (inside: string): bigint => {
    const id = ids[inside];
    if (id === undefined) throw new Error("ENOENT");
    return id;
  };

  it("lets an entry of an upper group reach the lower ones that have a name of their own", () => {
    const named = namedCgroups(["/sys/fs/cgroup/a/", "/a/b", "/ab", "/sys/fs/cgroup", "/c"], idOf);
    expect(named.idsBelow("/a")).toEqual([1n, 2n]);
    expect(named.idsBelow("/a/b")).toEqual([2n]);
    expect(named.idsBelow("/ab")).toEqual([3n]);
    expect(named.idsBelow("/sys/fs/cgroup")).toEqual([1n, 2n, 3n, 9n]);
    expect(named.idsBelow("/c")).toEqual([]);
    expect(named.missing).toEqual(["/c"]);
  });
});
