// SPDX-License-Identifier: Apache-2.0
// What a run of the agent knows of the run before it: whether that came to an orderly end, also when starts in between failed.

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { Evidence } from "../../src/agent/evidence.js";
import { noLine, Verifier } from "../../src/evidence/index.js";
import type { Log } from "../../src/log/index.js";
import { buildNotice, type Notice } from "../../src/pipeline/notice.js";
import { QueueSink } from "../../src/sinks/queue.js";
import { Entry, type Writer } from "../../src/sinks/sink.js";

const scratch = mkdtempSync(join(tmpdir(), "evidence-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const fresh = (): string => mkdtempSync(join(scratch, "state-"));

/** @param sinks passed: whether the sinks have written what they were given */
function open(
  directory: string,
  sinks: { passed: boolean; lost?: Map<string, number> } = { passed: true },
  write: (line: string) => void = () => undefined,
) {
  const problems: string[] = [];
  const lines: string[] = [];
  const log = { error: (text: string) => problems.push(text), warn: (text: string) => problems.push(text) };
  const announce = (notice: Notice): void => {
    const { line } = evidence.chain.add((place) => buildNotice(notice, place, { node: "n" }));
    lines.push(line);
    write(line);
  };
  const mark = () => () => sinks.passed;
  const evidence = new Evidence(directory, announce, log as unknown as Log, {
    mark,
    losses: () => sinks.lost ?? new Map<string, number>(),
  });
  return { evidence, announce, problems, lines, first: () => JSON.parse(lines[0] ?? "{}") as Record<string, unknown> };
}

/** Announces the start and says how the run before had ended, as its first checkpoint has it. */
function started(directory: string) {
  const run = open(directory);
  run.evidence.checkpoint("start");
  const { detail, prev } = run.first() as { detail: { before: string }; prev: string };
  return { ...run, before: detail.before, prev };
}

function end({ evidence }: { evidence: Evidence }): void {
  evidence.stop();
  evidence.settle();
}

describe("a run of the agent", () => {
  it("follows on the last line of one that came to its orderly end", () => {
    const directory = fresh();
    const first = started(directory);
    expect(first).toMatchObject({ before: "unknown", prev: noLine, problems: [] });
    end(first);
    const { head } = first.evidence.chain;
    expect(started(directory)).toMatchObject({ before: "stopped", prev: head.hash, problems: [] });
  });

  it("tells a crash, and follows on the last checkpoint that had the time to be written", () => {
    vi.useFakeTimers();
    try {
      const directory = fresh();
      const first = started(directory);
      const settled = first.evidence.chain.head.hash;
      vi.advanceTimersByTime(5_000);
      first.evidence.checkpoint("interval");
      // It is killed here: nothing is closed.
      expect(started(directory)).toMatchObject({ before: "crashed", prev: settled });
    } finally {
      vi.useRealTimers();
    }
  });

  it("is remembered while it runs, also with checkpoints that come faster than they settle", () => {
    vi.useFakeTimers();
    try {
      const directory = fresh();
      const { evidence } = started(directory);
      evidence.every(1);
      vi.advanceTimersByTime(3_500);
      const { hash } = evidence.chain.head;
      vi.advanceTimersByTime(1_000);
      // Killed here.
      const next = started(directory);
      expect(next.before).toBe("crashed");
      expect(next.prev).not.toBe(noLine);
      expect(next.prev, "two seconds old").not.toBe(hash);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is followed on its last line that a sink could have, whatever happens while the sinks are closed", () => {
    const directory = fresh();
    const first = started(directory);
    first.evidence.stop();
    const { head } = first.evidence.chain;
    // Attacks that come while the sinks write what they have.
    first.evidence.chain.add((place) => buildNotice({ type: "GUARD_PROVED" }, place, { node: "n" }));
    first.evidence.settle();
    expect(started(directory)).toMatchObject({ before: "stopped", prev: head.hash });
  });

  it("is remembered no further than its sinks have written", () => {
    vi.useFakeTimers();
    try {
      const directory = fresh();
      const sinks = { passed: true };
      const first = open(directory, sinks);
      first.evidence.checkpoint("start");
      const written = first.evidence.chain.head.hash;
      vi.advanceTimersByTime(5_000);
      sinks.passed = false;
      for (let round = 0; round < 1000; round++) {
        first.evidence.checkpoint("interval");
        vi.advanceTimersByTime(100);
      }
      expect(vi.getTimerCount()).toBeLessThan(100);
      expect(started(directory)).toMatchObject({ before: "crashed", prev: written });
      sinks.passed = true;
      vi.advanceTimersByTime(5_000);
      first.evidence.checkpoint("interval");
      const { hash } = first.evidence.chain.head;
      vi.advanceTimersByTime(5_000);
      expect(started(directory)).toMatchObject({ before: "crashed", prev: hash });
    } finally {
      vi.useRealTimers();
    }
  });

  it("signs how much each sink has lost so far", () => {
    const lost = new Map([
      ["file_queue_full", 3],
      ["file_closed", 0],
    ]);
    const { evidence, lines } = open(fresh(), { passed: true, lost });
    evidence.checkpoint("interval");
    const { detail } = JSON.parse(lines[0] ?? "{}") as { detail: Record<string, unknown> };
    expect(detail).toMatchObject({ file_queue_full: 3, signature: expect.any(String) });
    expect(detail).not.toHaveProperty("file_closed");
  });

  it("tells what the run before lost at its stop, so that its missing end is known for lost", async () => {
    const directory = fresh();
    const disk = { full: false };
    const log: string[] = [];
    const writeTo = (): Writer => ({
      async write(bytes) {
        if (disk.full) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
        log.push(...bytes.toString().split("\n").filter(Boolean));
        return bytes.length;
      },
      close: () => undefined,
    });
    const verdictOf = (lines: readonly string[]) => {
      const verifier = new Verifier();
      for (const [index, line] of lines.entries()) verifier.take(Buffer.from(line), `log:${index + 1}`);
      return verifier.end();
    };
    const begin = () => {
      const sink = new QueueSink("file", writeTo, { retryMs: 5 });
      const one = open(directory, { passed: true }, (line) => sink.write(new Entry(line, 0)));
      one.announce({ type: "AGENT_STARTED" });
      one.evidence.checkpoint("start");
      const stop = async (): Promise<void> => {
        one.evidence.stop();
        await sink.close(100);
        const lost = sink.stats.dropped.closed;
        one.evidence.settle(lost === 0 ? {} : { file_closed: lost });
      };
      return { ...one, sink, stop };
    };
    const first = begin();
    await vi.waitFor(() => expect(log).toHaveLength(2));
    disk.full = true;
    for (let count = 0; count < 5; count++) first.announce({ type: "GUARD_PROVED" });
    await first.stop();
    expect(log).toHaveLength(2);
    // A start that came to nothing leaves it to be told.
    const nothing = open(directory);
    nothing.evidence.stop();
    nothing.evidence.settle();
    disk.full = false;
    const second = begin();
    await second.stop();
    const end = first.evidence.chain.head;
    expect(JSON.parse(log[3] ?? "")).toMatchObject({
      type: "EVENTS_LOST",
      count: 6,
      detail: { run: "before", head: end.hash, seq: end.seq, file_closed: 6 },
    });
    const result = verdictOf(log);
    expect(result.findings).toMatchObject([
      { verdict: "incomplete", at: "log:3", text: expect.stringMatching(/up to its number 8.*file.*told at log:4/) },
    ]);
    // One line more than was lost is one that somebody took out.
    expect(verdictOf([...log.slice(0, 1), ...log.slice(2)]).verdict).toBe("altered");
    expect(verdictOf([...log.slice(0, 2), ...log.slice(3)]).verdict).toBe("altered");
    // It was told once.
    const third = begin();
    await third.stop();
    expect(third.lines.join()).not.toContain("EVENTS_LOST");
  });

  it("keeps which losses of the kernel were told with the line that has them told", () => {
    vi.useFakeTimers();
    try {
      const directory = fresh();
      const first = started(directory);
      expect(first.evidence.told).toBeUndefined();
      first.evidence.told = { ring_full: 3 };
      first.evidence.checkpoint("interval");
      first.evidence.told = { ring_full: 9 };
      vi.advanceTimersByTime(5_000);
      // Killed here: what was told behind the checkpoint may be in no log.
      const next = open(directory);
      expect(next.evidence.told).toEqual({ ring_full: 3 });
      next.evidence.checkpoint("start");
      expect(open(directory).evidence.told).toEqual({ ring_full: 3 });
      next.evidence.told = { ring_full: 9 };
      end(next);
      expect(open(directory).evidence.told).toEqual({ ring_full: 9 });
    } finally {
      vi.useRealTimers();
    }
  });

  it("still tells it when starts in between came to nothing", () => {
    const directory = fresh();
    started(directory);
    for (let round = 0; round < 2; round++) end(open(directory));
    expect(started(directory).before).toBe("crashed");
    const orderly = fresh();
    const first = started(orderly);
    end(first);
    end(open(orderly));
    expect(started(orderly)).toMatchObject({ before: "stopped", prev: first.evidence.chain.head.hash });
  });

  it("goes on without a usable key, and says why", () => {
    const directory = fresh();
    end(started(directory));
    chmodSync(join(directory, "evidence.key"), 0o644);
    const { evidence, problems, first } = started(directory);
    expect(problems).toEqual(["events go out unsigned"]);
    expect(evidence.status()).toMatchObject({
      publicKey: null,
      reason: expect.stringContaining("others than its owner"),
    });
    expect(first()).toMatchObject({ detail: { reason: "start" } });
    expect(JSON.stringify(first())).not.toContain("signature");
  });

  it("makes its key though an earlier attempt with the same process id was cut short", () => {
    const directory = fresh();
    writeFileSync(join(directory, `evidence.key.${process.pid}.new`), "half a k");
    const { evidence, problems } = started(directory);
    expect(problems).toEqual([]);
    expect(evidence.status().publicKey).not.toBeNull();
    expect(readdirSync(directory).sort()).toEqual(["chain.json", "evidence.key"]);
  });

  it("writes its memory through no link", () => {
    const directory = fresh();
    const victim = join(directory, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, join(directory, "chain.json.new"));
    end(started(directory));
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });

  it("makes its key once, and keeps it to its owner", () => {
    const directory = join(fresh(), "below");
    const [one, other] = [started(directory), started(directory)];
    expect(existsSync(join(directory, "evidence.key"))).toBe(true);
    expect(one.evidence.status().publicKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(other.evidence.status().publicKey).toBe(one.evidence.status().publicKey);
  });
});
