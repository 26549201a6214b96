// SPDX-License-Identifier: Apache-2.0
// Segments of a spool that cannot be read are counted as damaged, once, and hold up nothing.

import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Spool } from "../../src/sinks/spool.js";
import { openSpool, Source, scratch, seqOf } from "./sinks-support.js";

let number = 0;
const fresh = (): string => join(scratch, `unreadable-${++number}`);
const limits = { segmentBytes: 8000, maxSpoolBytes: 100_000 };

async function drain(spool: Spool): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const batch = await spool.peek({ events: 5, bytes: 1024 * 1024 });
    if (batch.length === 0) return all;
    all.push(...batch.map(({ line }) => seqOf(line)));
    spool.advance(batch.length);
  }
}

const segments = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".ndjson"))
    .sort()
    .map((name) => join(directory, name));

const remove = (path: string): void => rmSync(path);
const link = (path: string): void => {
  rmSync(path);
  symlinkSync("/etc/passwd", path);
};
const directoryOf = (path: string): void => {
  rmSync(path);
  mkdirSync(path);
};
const empty = (path: string): void => truncateSync(path, 0);

describe("a segment that cannot be read", () => {
  for (const [what, spoil] of Object.entries({ remove, link, directoryOf, empty })) {
    it(`is counted and gone over, the first and one in the middle (${what})`, async () => {
      const directory = fresh();
      const { spool, stats } = await openSpool(directory, limits);
      const source = new Source();
      for (const entry of source.many(120)) spool.push(entry);
      await vi.waitFor(() => expect(stats.spoolBytes).toBeGreaterThan(120 * 300));
      const files = segments(directory);
      expect(files.length).toBeGreaterThan(2);
      spoil(files[0] ?? "");
      spoil(files[2] ?? "");
      const rest = await drain(spool);
      for (const entry of source.many(5)) spool.push(entry);
      rest.push(...(await drain(spool)));
      expect(rest.length + stats.dropped.damaged).toBe(125);
      expect(rest.slice(-5)).toEqual([121, 122, 123, 124, 125]);
      expect(stats.dropped.damaged).toBeGreaterThan(25);
      expect(stats.queued).toBe(0);
      await spool.close();
    });
  }

  it("is counted and gone over where an earlier run left it", async () => {
    const directory = fresh();
    const first = await openSpool(directory, limits);
    const source = new Source();
    for (const entry of source.many(120)) first.spool.push(entry);
    await first.spool.close();
    for (const path of segments(directory).slice(0, 2)) link(path);
    const { spool, stats } = await openSpool(directory, limits);
    for (const entry of source.many(5)) spool.push(entry);
    expect((await drain(spool)).slice(-5)).toEqual([121, 122, 123, 124, 125]);
    expect(stats.dropped.damaged).toBe(2);
    expect(stats.queued).toBe(0);
    await spool.close();
  });

  it("does not keep room from being made", async () => {
    const directory = fresh();
    const { spool, stats } = await openSpool(directory, { ...limits, maxSpoolBytes: 40_000 });
    const source = new Source();
    for (const entry of source.many(80)) spool.push(entry);
    await spool.peek({ events: 1, bytes: 1 });
    remove(segments(directory)[1] ?? "");
    for (const entry of source.many(200)) spool.push(entry);
    await spool.peek({ events: 1, bytes: 1 });
    const got = await drain(spool);
    expect(got.at(-1)).toBe(280);
    expect(got.length + stats.dropped.damaged + stats.dropped.spool_full).toBe(280);
    expect(stats.dropped.damaged).toBeGreaterThan(10);
    await spool.close();
  });
});

it("counts each damaged line once, wherever it stands", async () => {
  const directory = fresh();
  mkdirSync(directory, { mode: 0o700 });
  const [entry] = new Source().many(1);
  writeFileSync(join(directory, "000000000001.ndjson"), `before\n${entry?.rank} ${entry?.line}behind\n`);
  const { spool, stats } = await openSpool(directory, limits);
  expect(await drain(spool)).toEqual([1]);
  expect(stats.dropped.damaged).toBe(2);
  await spool.close();
});
