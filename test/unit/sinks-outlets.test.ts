// SPDX-License-Identifier: Apache-2.0
// All sinks together: filters, rotation that verifies, a dead sink beside a live one, and a change of configuration.

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { verifyFiles } from "../../src/evidence/index.js";
import { type AnyEvent, eventFilter } from "../../src/formats/index.js";
import { createFileSink } from "../../src/sinks/file.js";
import { Outlets } from "../../src/sinks/index.js";
import { createStdoutSink } from "../../src/sinks/stdout.js";
import { freshDirectory, HttpReceiver, publish, Source, seqOf } from "./sinks-support.js";

const patience = 60_000;

const linesOf = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => index + from);

/** Rotated files, oldest first. */
function rotated(path: string): string[] {
  const directory = join(path, "..");
  const numbers = readdirSync(directory).map((name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0));
  return numbers.sort((one, other) => other - one).map((one) => (one === 0 ? path : `${path}.${one}`));
}

describe("rotation", () => {
  it("starts a new file before the limit, keeps so many, and loses nothing in between", async () => {
    const path = join(freshDirectory(), "events");
    const sink = createFileSink(path, { rotate: { maxBytes: 20_000, keep: 5 } });
    const source = new Source();
    for (let round = 0; round < 5; round++) {
      for (const entry of source.many(100)) sink.write(entry);
      await vi.waitFor(() => expect(sink.stats.queued).toBe(0), patience);
    }
    await sink.close();
    const files = rotated(path);
    expect(files).toHaveLength(6);
    for (const file of files) {
      expect(statSync(file).size).toBeLessThanOrEqual(20_000);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    const seqs = files.flatMap(linesOf).map(seqOf);
    expect(seqs).toEqual(upTo(seqs.length, 501 - seqs.length));
    expect((await verifyFiles([...files].reverse())).findings).toEqual([expect.objectContaining({ verdict: "note" })]);
  });

  it("starts a new file when the old one is too old", async () => {
    const path = join(freshDirectory(), "events");
    const sink = createFileSink(path, { rotate: { maxAgeSeconds: 1, keep: 2 } });
    const source = new Source();
    sink.write(source.next());
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(1), patience);
    sink.write(source.next());
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(2), patience);
    expect(rotated(path)).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    sink.write(source.next());
    await sink.close();
    expect(rotated(path).flatMap(linesOf).map(seqOf)).toEqual([1, 2, 3]);
    expect(rotated(path)).toHaveLength(2);
  });

  it("goes on in the old file when a new one cannot be made, and in a new one after somebody else's rotation", async () => {
    const path = join(freshDirectory(), "events");
    mkdirSync(`${path}.1`);
    mkdirSync(join(`${path}.1`, "in the way"));
    const sink = createFileSink(path, { rotate: { maxBytes: 4096, keep: 1 } });
    for (const entry of new Source().many(50)) sink.write(entry);
    await vi.waitFor(() => expect(sink.stats.delivered).toBe(50), patience);
    expect(linesOf(path)).toHaveLength(50);
    expect(sink.stats.errors).toBe(1);
    renameSync(path, `${path}.old`);
    sink.reopen();
    for (const entry of new Source().many(3)) sink.write(entry);
    await sink.close();
    expect(linesOf(path)).toHaveLength(3);
  });
});

describe("a hundred thousand events", () => {
  it("arrive once and in order in a file that is rotated, and on standard output", async () => {
    const path = join(freshDirectory(), "events");
    const out = join(freshDirectory(), "stdout");
    const fd = openSync(out, "w");
    const limits = { maxLines: 1_000_000, maxBytes: 1024 ** 3 };
    const sinks = [
      createFileSink(path, { rotate: { maxBytes: 1024 * 1024, keep: 1000 }, ...limits }),
      createStdoutSink({ fd, ...limits }),
    ];
    for (const entry of new Source().many(100_000)) for (const sink of sinks) sink.write(entry);
    await Promise.all(sinks.map((sink) => sink.close(patience)));
    closeSync(fd);
    expect(rotated(path).flatMap(linesOf).map(seqOf)).toEqual(upTo(100_000));
    expect(linesOf(out).map(seqOf)).toEqual(upTo(100_000));
    expect(rotated(path).length).toBeGreaterThan(20);
  });
});

function configOf(directory: string, sinks: unknown, events: unknown = { stdout: false }) {
  return configSchema.parse({ stateDirectory: directory, events, sinks });
}

describe("Outlets", () => {
  it("gives each sink what its filter takes", async () => {
    const directory = freshDirectory();
    const file = (name: string, filter: unknown) => ({ name, file: { path: join(directory, name) }, filter });
    const outlets = await Outlets.open(
      configOf(directory, [
        file("all", {}),
        file("high", { minSeverity: "high" }),
        file("typed", { types: ["GUARD_PROVED"], minSeverity: "low" }),
        file("other", { types: ["PTRACE_DENIED"] }),
      ]),
    );
    const source = new Source();
    for (const severity of ["info", "low", "high", "critical"] as const) publish(outlets, [source.next({ severity })]);
    await outlets.close(patience);
    const got = ["all", "high", "typed", "other"].map((name) => linesOf(join(directory, name)).map(seqOf));
    expect(got).toEqual([[1, 2, 3, 4], [3, 4], [2, 3, 4], []]);
  });

  it("lets no dead sink hold up another, nor the stop; what it had goes out at the next start", async () => {
    const directory = freshDirectory();
    // A receiver that takes connections and says nothing.
    const mute = createServer((socket) => socket.on("error", () => undefined).resume());
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { port: number };
    const url = `http://127.0.0.1:${port}/`;
    const dead = { name: "dead", http: { url, protocol: "webhook" } };
    const live = { name: "live", file: { path: join(directory, "log") } };
    const config = configOf(directory, [dead, live]);
    const outlets = await Outlets.open(config);
    const source = new Source();
    publish(outlets, source.many(1000));
    await vi.waitFor(() => expect(outlets.reports()[1]?.stats.delivered).toBe(1000), patience);
    expect(outlets.reports()[0]?.stats).toMatchObject({ delivered: 0, queued: 1000 });
    const before = Date.now();
    await outlets.close(500);
    expect(Date.now() - before).toBeLessThan(3000);
    expect([...outlets.losses().values()].every((count) => count === 0)).toBe(true);
    await new Promise((resolve) => {
      mute.close(resolve);
    });
    const receiver = new HttpReceiver();
    receiver.port = port;
    await receiver.start();
    const again = await Outlets.open(config);
    await vi.waitFor(() => expect(again.reports()[0]?.stats.delivered).toBe(1000), patience);
    await again.close(patience);
    await receiver.kill();
    expect(receiver.bodies.trim().split("\n").map(seqOf)).toEqual(upTo(1000));
  });

  it("changes only the sinks that a new configuration changes, and loses nothing on the way", async () => {
    const directory = freshDirectory();
    const a = { name: "a", file: { path: join(directory, "a") } };
    const b = { name: "b", file: { path: join(directory, "b") } };
    const outlets = await Outlets.open(configOf(directory, [a, b]));
    const source = new Source();
    publish(outlets, source.many(500));
    const stats = outlets.reports()[0]?.stats;
    const changed = configOf(directory, [
      a,
      { ...b, queue: { maxEvents: 100_000 } },
      { ...b, name: "c", file: { path: join(directory, "c") } },
    ]);
    // Two reloads at once: the second finds what the first has opened.
    const [first, second] = [outlets.prepare(changed), outlets.prepare(changed)];
    (await first).commit();
    const reports = outlets.reports();
    (await second).commit();
    expect(outlets.reports()).toHaveLength(3);
    for (const [index, one] of outlets.reports().entries()) expect(one.stats).toBe(reports[index]?.stats);
    publish(outlets, source.many(500));
    expect(outlets.reports().map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(outlets.reports()[0]?.stats).toBe(stats);
    await outlets.close(patience);
    expect(linesOf(join(directory, "a")).map(seqOf)).toEqual(upTo(1000));
    expect(linesOf(join(directory, "b")).map(seqOf)).toEqual(upTo(1000));
    expect(linesOf(join(directory, "c")).map(seqOf)).toEqual(upTo(500, 501));
  });

  it("keeps everything as it was when a new sink cannot be opened", async () => {
    const directory = freshDirectory();
    const a = { name: "a", file: { path: join(directory, "a") } };
    const outlets = await Outlets.open(configOf(directory, [a]));
    const bad = [
      { name: "ok", file: { path: join(directory, "ok") } },
      { name: "b", file: { path: join(directory, "no/where") } },
    ];
    await expect(outlets.prepare(configOf(directory, bad))).rejects.toThrow(
      expect.objectContaining({ code: "EVENTS_FILE_UNWRITABLE" }),
    );
    (await outlets.prepare(configOf(directory, []))).abandon();
    publish(outlets, new Source().many(3));
    await outlets.close(patience);
    expect(linesOf(join(directory, "a"))).toHaveLength(3);
  });

  it("makes sinks of events.stdout and events.file, as before", async () => {
    const directory = freshDirectory();
    const outlets = await Outlets.open(configOf(directory, [], { stdout: true, file: { path: join(directory, "f") } }));
    expect(outlets.reports().map(({ name, kind, format }) => [name, kind, format])).toEqual([
      ["stdout", "stdout", "native"],
      ["file", "file", "native"],
    ]);
    await outlets.close(100);
    expect(execFileSync("stat", ["-c", "%a", join(directory, "f")], { encoding: "utf8" }).trim()).toBe("600");
  });
});

describe("eventFilter", () => {
  it("leaves out events against other workloads, and passes those on the node and the agent's own", () => {
    const event = { type: "X", severity: "high", vector: "v", time: "2026-01-01T00:00:00.000000000Z" };
    const on = (workload?: string) => ({ ...event, target: { workload } }) as unknown as AnyEvent;
    const node = { ...event, target: null } as unknown as AnyEvent;
    const own = { ...event, vector: null } as unknown as AnyEvent;
    const filter = eventFilter({ workloads: ["pay"] });
    expect([on("pay"), on("other"), on(), node, own].map(filter)).toEqual([true, false, false, true, true]);
    const since = Date.parse("2026-01-01T00:00:00Z");
    expect([since - 1, since, since + 1].map((at) => eventFilter({ since: at })(node))).toEqual([true, true, false]);
  });
});
