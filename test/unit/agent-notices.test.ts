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
  reason: "",
  soundness: "sound",
  recursionMisses: 0n,
  log: "",
  ...over,
});

const quiet = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => quiet, setLevel() {} };

function setUp(form: "lsm" | "fmod_ret" | "signal" = "fmod_ret", early: Record<string, number> = {}) {
  const next = { mode: "voluntary", preempts: false };
  const state: { -readonly [Key in keyof NoticeSource]: NoticeSource[Key] } = {
    form,
    pinned: form !== "signal",
    tookOver: false,
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
  const losses: Record<string, number> = { ring_full: 7, ...early };
  const said: Notice[] = [];
  const announce = (notice: Notice): void => void said.push(notice);
  const told = { ring_full: 7 };
  const notices = new Notices({ kernel: state, losses: () => ({ ...losses }), told, announce, log: quiet });
  const heard = (): Notice[] => said.splice(0);
  const preempt = (mode: string, preempts: boolean): void => void Object.assign(next, { mode, preempts });
  return { state, losses, notices, heard, preempt };
}

describe("notices", () => {
  it("say nothing while nothing changes, also of what was lost before", () => {
    const { notices, heard } = setUp();
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
    const { losses, notices, heard } = setUp();
    losses["ring_full"] = 9;
    losses["failed"] = 1;
    notices.look();
    expect(heard()).toEqual([{ type: "EVENTS_LOST", count: 3, detail: { ring_full: 2, failed: 1 } }]);
  });

  it("tell what sinks lost while the agent was starting", () => {
    const { notices, heard } = setUp("lsm", { siem_damaged: 2, malformed: 0 });
    notices.look();
    notices.look();
    expect(heard()).toEqual([{ type: "EVENTS_LOST", count: 2, detail: { siem_damaged: 2 } }]);
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
