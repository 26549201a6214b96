// SPDX-License-Identifier: Apache-2.0
// Core limit and filter of a real child: taken away, given back, and left alone where the process has changed them.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { Hardening, type HardeningMeans, type Limits } from "../../src/scope/hardening.js";
import type { ScopeRecord } from "../../src/scope/index.js";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function sleeper(): { pid: number; record: ScopeRecord; filter: () => string } {
  const child = spawn("sleep", ["60"]);
  children.push(child);
  const pid = child.pid ?? 0;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const ticks = BigInt(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? 0);
  const who = { tgid: pid, group: 1, uid: 0, comm: "sleep", startBoottimeNs: ticks * 10_000_000n + 7n };
  return {
    pid,
    record: { who, role: 1, tracer: 0 },
    filter: () => readFileSync(`/proc/${pid}/coredump_filter`, "utf8").trim(),
  };
}

function means(limits: Map<number, Limits>): HardeningMeans {
  return {
    hold: () => ({ alive: () => true, close: () => {} }),
    coreLimit(pid, wanted) {
      const before = limits.get(pid) ?? [-1, -1];
      if (wanted) limits.set(pid, wanted);
      return before;
    },
  };
}

const all = { core_limit: true, coredump_filter: true, swap: false };
const done = { outcome: "done", reason: "" };
const dumpable = { outcome: "refused", reason: expect.stringContaining("only the program itself can clear it") };

describe("Hardening", () => {
  it("takes both away once, and gives back what was there", () => {
    const limits = new Map<number, Limits>();
    const hardening = new Hardening(means(limits), () => all);
    const { pid, record, filter } = sleeper();
    const before = filter();
    hardening.harden([[record]], [record]);
    hardening.harden([[record]], [record]);
    expect(hardening.of(record)).toEqual({ core_limit: done, coredump_filter: done, dumpable });
    expect(limits.get(pid)).toEqual([0, 0]);
    expect(filter()).toBe("00000000");
    hardening.relax([record]);
    expect(limits.get(pid)).toEqual([-1, -1]);
    expect(filter()).toBe(before);
    const counts = hardening.totals().filter(({ count }) => count > 0);
    expect(counts.map(({ kind, outcome, count }) => `${kind} ${outcome} ${count}`)).toEqual([
      "core_limit done 1",
      "core_limit undone 1",
      "coredump_filter done 1",
      "coredump_filter undone 1",
      "dumpable refused 1",
    ]);
  });

  it("leaves what the process has changed, and what needed nothing", () => {
    const { pid, record, filter } = sleeper();
    const limits = new Map<number, Limits>([[pid, [0, 0]]]);
    const hardening = new Hardening(means(limits), () => all);
    hardening.harden([[record]], [record]);
    expect(hardening.of(record)).toMatchObject({ core_limit: { outcome: "not_needed" }, coredump_filter: done });
    writeFileSync(`/proc/${pid}/coredump_filter`, "0x1");
    hardening.relax([record]);
    expect(limits.get(pid)).toEqual([0, 0]);
    expect(filter()).toBe("00000001");
  });

  it("says why not, touches nobody who has only the number, and does what is switched on", () => {
    const limits = new Map<number, Limits>();
    const { pid, record } = sleeper();
    const stranger = { ...record, who: { ...record.who, startBoottimeNs: record.who.startBoottimeNs - 10_000_000n } };
    const hardening = new Hardening(means(limits), () => ({ ...all, coredump_filter: false }));
    hardening.harden([[stranger]], [stranger]);
    const ended = { outcome: "refused", reason: "it has ended" };
    expect(hardening.of(stranger)).toEqual({ core_limit: ended, dumpable: ended });
    expect(limits.has(pid)).toBe(false);
  });
});
