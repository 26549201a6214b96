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
import { noLine } from "../../src/evidence/index.js";
import type { Log } from "../../src/log/index.js";
import { buildNotice, type Notice } from "../../src/pipeline/notice.js";

const scratch = mkdtempSync(join(tmpdir(), "evidence-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const fresh = (): string => mkdtempSync(join(scratch, "state-"));

function open(directory: string) {
  const problems: string[] = [];
  const lines: string[] = [];
  const log = { error: (text: string) => problems.push(text), warn: (text: string) => problems.push(text) };
  const announce = (notice: Notice): void => {
    lines.push(evidence.chain.add((place) => buildNotice(notice, place, { node: "n" })).line);
  };
  const evidence = new Evidence(directory, announce, log as unknown as Log);
  return { evidence, problems, lines, first: () => JSON.parse(lines[0] ?? "{}") as Record<string, unknown> };
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
