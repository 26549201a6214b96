// SPDX-License-Identifier: Apache-2.0
// A file of events whose rotation cannot be finished, whose place is taken over by a new configuration, or whose name leads to
// another file: nothing is lost, and nothing is written where it does not belong.

import type * as fs from "node:fs";
import { linkSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFileSink } from "../../src/sinks/file.js";
import { freshDirectory, Source, seqOf } from "./sinks-support.js";

const refuse = { creation: false };
/** Of the disk of the file that is written first; below zero for any. */
const disk = { room: -1, fd: -1 };
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const openSync: typeof fs.openSync = (path, flags, mode) => {
    // As a file system does that has no inode left.
    if (refuse.creation && !real.existsSync(path)) throw Object.assign(new Error("ENOSPC, open"), { code: "ENOSPC" });
    return real.openSync(path, flags, mode);
  };
  const write = (fd: number, bytes: Buffer, done: (error: Error | null, taken: number) => void): void => {
    if (disk.fd < 0) disk.fd = fd;
    const most = disk.room < 0 || fd !== disk.fd ? bytes.length : Math.min(disk.room, bytes.length);
    if (most < bytes.length) disk.room -= most;
    if (most === 0) done(Object.assign(new Error("ENOSPC, write"), { code: "ENOSPC" }), 0);
    else real.write(fd, bytes, 0, most, null, done);
  };
  return { ...real, default: { ...real, openSync, write }, openSync, write };
});

afterEach(() => {
  refuse.creation = false;
  Object.assign(disk, { room: -1, fd: -1 });
  vi.restoreAllMocks();
});

const linesOf = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Of all files, oldest first. */
function seqsIn(directory: string): number[] {
  const numbers = readdirSync(directory).map((name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0));
  const names = numbers.sort((one, other) => other - one).map((one) => (one === 0 ? "events" : `events.${one}`));
  return names.flatMap((name) => linesOf(join(directory, name))).map(seqOf);
}

describe("a file of events", () => {
  it("loses nothing while no new one can be made, however often that is tried", async () => {
    const directory = freshDirectory();
    const path = join(directory, "events");
    const sink = createFileSink(path, { rotate: { maxBytes: 4096, keep: 2 } });
    const source = new Source();
    let wait = 0;
    const start = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => start + wait);
    vi.spyOn(Date, "now").mockImplementation(() => 1_800_000_000_000 + wait);
    const write = async (count: number): Promise<void> => {
      const { delivered } = sink.stats;
      for (const entry of source.many(count)) sink.write(entry);
      await vi.waitFor(() => expect(sink.stats.delivered).toBe(delivered + count));
    };
    await write(8);
    refuse.creation = true;
    for (let round = 0; round < 10; round++) {
      wait += 61_000;
      await write(1);
    }
    expect(sink.stats.errors).toBeGreaterThan(5);
    expect(linesOf(path).map(seqOf)).toEqual(upTo(18));
    refuse.creation = false;
    wait += 61_000;
    await write(1);
    await sink.close();
    expect(seqsIn(directory)).toEqual(upTo(19));
    expect(readdirSync(directory).sort()).toEqual(["events", "events.1"]);
  });

  it("goes on in the right one after a new configuration, though the old sink still rotates", async () => {
    const directory = freshDirectory();
    const path = join(directory, "events");
    const rotate = { maxBytes: 8192, keep: 50 };
    const source = new Source();
    const old = createFileSink(path, { rotate });
    for (const entry of source.many(100)) old.write(entry);
    let release = (): void => {};
    const after = new Promise<void>((resolve) => (release = resolve));
    const next = createFileSink(path, { rotate: { ...rotate, keep: 60 }, after });
    for (const entry of source.many(5)) next.write(entry);
    await old.close();
    release();
    await next.close();
    expect(seqsIn(directory)).toEqual(upTo(105));
  });

  it("is left for a new one in the middle of a line when its disk is full, and neither has a part of one", async () => {
    const directory = freshDirectory();
    const path = join(directory, "events");
    Object.assign(disk, { room: 1000, fd: -1 });
    const sink = createFileSink(path, { retryMs: 20 });
    const entries = new Source().many(9);
    for (const entry of entries) sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.errors).toBeGreaterThan(0));
    expect(statSync(path).size).toBe(1000);
    renameSync(path, `${path}.1`);
    sink.reopen();
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(9));
    await sink.close();
    expect(linesOf(`${path}.1`).length).toBeGreaterThan(1);
    const text = readFileSync(`${path}.1`, "utf8") + readFileSync(path, "utf8");
    expect(text).toBe(entries.map(({ line }) => line).join(""));
  });

  it("gets nothing into a line that the sink before has begun and not finished", async () => {
    const path = join(freshDirectory(), "events");
    Object.assign(disk, { room: 500, fd: -1 });
    const old = createFileSink(path, { retryMs: 20 });
    const source = new Source();
    for (const entry of source.many(3)) old.write(entry);
    await vi.waitFor(() => expect(old.stats.errors).toBeGreaterThan(0));
    const letGo = vi.waitFor(() => expect(old.stats.delivered).toBe(3)).then(() => old.close());
    const fresher = createFileSink(path, { after: letGo });
    fresher.write(source.next());
    disk.room = -1;
    await vi.waitFor(() => expect(fresher.stats.delivered).toBe(1));
    await fresher.close();
    expect(linesOf(path).map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(upTo(4));
  });

  it("is none that has another name too: whoever may write the directory could have linked it there", () => {
    const directory = freshDirectory();
    const victim = join(directory, "victim");
    writeFileSync(victim, "precious", { mode: 0o644 });
    linkSync(victim, join(directory, "events"));
    expect(() => createFileSink(join(directory, "events"))).toThrow(
      expect.objectContaining({ code: "EVENTS_FILE_UNWRITABLE" }),
    );
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(statSync(victim).mode & 0o777).toBe(0o644);
  });
});
