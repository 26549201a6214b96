// SPDX-License-Identifier: Apache-2.0
// What the agent reports of itself: each change once, with the vectors that it touches.
import { describe, expect, it } from "vitest";
import { type NoticeSource, Notices, vectorsAt } from "../../src/agent/notices.js";
import type { DoorStatus } from "../../src/kernel/index.js";
import type { Notice } from "../../src/pipeline/index.js";

const door = (name: DoorStatus["door"], over: Partial<DoorStatus> = {}): DoorStatus => ({
  door: name,
  form: "fmod_ret",
  attached: true,
  idle: false,
  proved: true,
  untried: false,
  reason: "",
  soundness: "sound",
  recursionMisses: 0n,
  log: "",
  ...over,
});

const quiet = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => quiet, setLevel() {} };

interface Before {
  /** Doors are taken over, whose maps counted so many. */
  ringFull?: number;
  told?: Record<string, number> | undefined;
  /** Lost before anybody looks. */
  early?: Record<string, number>;
}

function setUp(form: "lsm" | "fmod_ret" | "signal" = "fmod_ret", { ringFull, told, early = {} }: Before = {}) {
  const next = { mode: "voluntary", preempts: false };
  const state: { -readonly [Key in keyof NoticeSource]: NoticeSource[Key] } = {
    form,
    pinned: form !== "signal",
    tookOver: ringFull !== undefined,
    kept: ringFull !== undefined,
    losses: () => [
      { reason: "ring_full", count: BigInt(lost.ringFull) },
      { reason: "share_full", count: BigInt(Object.values(refused).reduce((sum, count) => sum + count, 0)) },
    ],
    provedCount: 2,
    unproven: [],
    doors: [door("file_open"), door("task_alloc")],
    preemption: { ...next },
    lookAtPreemption: () => {
      const before = state.preemption.mode;
      state.preemption = { ...next };
      return next.mode !== before;
    },
  };
  const lost = { ringFull: ringFull ?? 0 };
  const losses = { ...early };
  const refused: Record<string, number> = { old: 4 };
  const memory = { told };
  const said: Notice[] = [];
  const announce = (notice: Notice): void => void said.push(notice);
  const refusedForks = () => ({ ...refused });
  const sources = { kernel: state, losses: () => ({ ...losses }), refusedForks };
  const notices = new Notices({ ...sources, memory, announce, log: quiet });
  const heard = (): Notice[] => said.splice(0);
  const preempt = (mode: string, preempts: boolean): void => void Object.assign(next, { mode, preempts });
  return { state, lost, losses, refused, memory, notices, heard, preempt };
}

describe("notices", () => {
  it("say nothing while nothing changes, also of what was lost before", () => {
    const { notices, heard } = setUp("lsm", { ringFull: 7, told: { ring_full: 7 } });
    expect(notices.look()).toBe(0);
    expect(heard()).toEqual([]);
  });

  it("name a skipped door once, by how much, and whom it concerns", () => {
    const { state, notices, heard } = setUp();
    state.doors = [door("file_open", { recursionMisses: 3n }), door("task_alloc")];
    notices.look();
    expect(heard()).toMatchObject([{ type: "GUARD_SKIPPED", door: "file_open", count: 3, detail: { total: "3" } }]);
    notices.look();
    expect(heard()).toEqual([]);
    state.doors = [door("file_open", { recursionMisses: 5n }), door("task_alloc")];
    notices.look();
    const [again] = heard();
    expect(again).toMatchObject({ count: 2, detail: { total: "5" } });
    expect(again?.vectors).toContain("environ_read");
    expect(again?.vectors).not.toContain("ptrace_attach");
    // Loaded anew, its program counts from 0.
    state.doors = [door("file_open", { recursionMisses: 4n }), door("task_alloc")];
    notices.look();
    expect(heard()).toMatchObject([{ type: "GUARD_SKIPPED", door: "file_open", count: 4, detail: { total: "4" } }]);
  });

  it("count a door that only keeps the scope for every vector against a process", () => {
    expect(vectorsAt("task_alloc")).toEqual(expect.arrayContaining(["ptrace_attach", "environ_read"]));
    expect(vectorsAt("task_alloc")).not.toContain("module_load");
  });

  it("tell when a door loses its proof, and when it has it back", () => {
    const { state, notices, heard } = setUp();
    state.doors = [door("file_open", { proved: false, reason: "it never ran" }), door("task_alloc")];
    expect(notices.look()).toBe(1);
    expect(heard()).toMatchObject([{ type: "GUARD_UNPROVED", door: "file_open", detail: { reason: "it never ran" } }]);
    expect(notices.look()).toBe(1);
    expect(heard()).toEqual([]);
    state.doors = [door("file_open"), door("task_alloc")];
    expect(notices.look()).toBe(0);
    expect(heard()).toMatchObject([{ type: "GUARD_PROVED", door: "file_open" }]);
  });

  it("tell that the preemption mode was changed, and how bad that is in this form", () => {
    for (const [form, severity] of [
      ["fmod_ret", "critical"],
      ["lsm", "low"],
    ] as const) {
      const { notices, heard, preempt } = setUp(form);
      preempt("full", true);
      notices.look();
      expect(heard()).toMatchObject([
        { type: "PREEMPTION_CHANGED", severity, detail: { before: "voluntary", now: "full" } },
      ]);
      notices.look();
      expect(heard()).toEqual([]);
    }
  });

  it("do not say that guards were left where they cannot be", () => {
    const { notices, heard } = setUp("signal");
    notices.started({ version: "1", mode: "enforce", ready: true, silenced: false });
    notices.stopped("leave");
    expect(heard().at(-1)).toMatchObject({ type: "AGENT_STOPPED", detail: { doors: "detach" } });
  });

  it("count what was lost since the last look, by reason", () => {
    const { lost, losses, memory, notices, heard } = setUp("lsm", { ringFull: 7, told: { ring_full: 7 } });
    lost.ringFull = 9;
    losses["failed"] = 1;
    notices.look();
    expect(heard()).toEqual([{ type: "EVENTS_LOST", count: 3, detail: { failed: 1, ring_full: 2 } }]);
    expect(memory.told).toEqual({ ring_full: 9 });
  });

  it("tell what sinks lost while the agent was starting", () => {
    const { notices, heard } = setUp("lsm", { early: { siem_damaged: 2, malformed: 0 } });
    notices.look();
    notices.look();
    expect(heard()).toEqual([{ type: "EVENTS_LOST", count: 2, detail: { siem_damaged: 2 } }]);
  });

  it("tell at the start what was lost while no agent read, and all of it if nobody knows what was told", () => {
    const start = (before: Before): Notice[] => {
      const { notices, heard } = setUp("lsm", before);
      notices.started({ version: "1", mode: "enforce", ready: true, silenced: false });
      return heard().filter(({ type }) => type === "EVENTS_LOST");
    };
    const lost = (count: number, since = {}) => [
      { type: "EVENTS_LOST", count, detail: { ring_full: count, ...since } },
    ];
    expect(start({ ringFull: 100, told: { ring_full: 40 } })).toEqual(lost(60));
    expect(start({ ringFull: 100, told: { ring_full: 100 } })).toEqual([]);
    expect(start({ ringFull: 100 })).toEqual(lost(100, { since: "unknown" }));
    // Told of maps that are gone.
    expect(start({ ringFull: 30, told: { ring_full: 40 } })).toEqual(lost(30, { since: "unknown" }));
    expect(start({ told: { ring_full: 40 } })).toEqual([]);
    expect(start({ ringFull: 0 })).toEqual([]);
  });

  it("hand over what was lost after the last telling", () => {
    const { lost, losses, memory, notices, heard } = setUp();
    losses["file_queue_full"] = 4;
    notices.look();
    heard();
    losses["file_closed"] = 6;
    lost.ringFull = 2;
    expect(notices.untold()).toEqual({ file_closed: 6, ring_full: 2 });
    expect(memory.told).toEqual({ ring_full: 2 });
    expect(notices.untold()).toEqual({});
    expect(heard()).toEqual([]);
  });

  it("name the workload whose forks were refused, by how many since the last look", () => {
    const { refused, notices, heard } = setUp();
    notices.look();
    expect(heard(), "what was before").toEqual([]);
    Object.assign(refused, { bomb: 7, quiet: 0 });
    notices.look();
    expect(heard()).toEqual([{ type: "WORKLOAD_FULL", count: 7, detail: { workload: "bomb" } }]);
    notices.look();
    expect(heard()).toEqual([]);
    Object.assign(refused, { bomb: 9, old: 5 });
    notices.look();
    expect(heard()).toMatchObject([
      { count: 1, detail: { workload: "old" } },
      { count: 2, detail: { workload: "bomb" } },
    ]);
  });

  it("end with a stop only what was begun", () => {
    const { notices, heard } = setUp();
    notices.stopped("detach");
    expect(heard()).toEqual([]);
    notices.started({ version: "1", mode: "enforce", ready: true, silenced: true });
    notices.stopped("leave");
    expect(heard()).toMatchObject([
      { type: "GUARD_SILENCED" },
      { type: "AGENT_STARTED", detail: { soundness: "sound" } },
      { type: "AGENT_STOPPED", detail: { doors: "leave" } },
    ]);
  });
});
