// SPDX-License-Identifier: Apache-2.0
// What an attack comes to: nothing passes for a refusal that a broken attack, a lost event or the kernel itself explains.

import { describe, expect, it } from "vitest";
import { type Attack, attack, holdsToken, truthOf } from "../../src/selftest/attack.js";
import { judge, type Trial } from "../../src/selftest/judge.js";
import type { HeardEvent } from "../../src/selftest/listener.js";
import { exitStatusOf, selftestOutcomes } from "../../src/selftest/outcome.js";
import type { RoadResult } from "../../src/selftest/result.js";
import { parseRoads } from "../../src/selftest/roads.js";
import { summarise } from "../../src/selftest/summary.js";

const made = (result: Attack["result"], more: Partial<Attack> = {}): Attack => ({
  pid: 10,
  attackerPid: 10,
  result,
  errno: result === "refused" ? "EPERM" : "",
  why: "",
  tokenOut: false,
  ...more,
});

const event = (outcome: string, killed = false): HeardEvent => ({
  id: "i",
  seq: 1,
  time: "t",
  outcome,
  killed,
  error: "EPERM",
  vector: "environ_read",
  offender: { pid: 10, ppid: 1 },
});

/** Refused with an event, the neighbour reached: what every case below spoils in one point. */
const good: Trial = {
  attacker: "root",
  scope: "process",
  mode: "enforce",
  silent: false,
  attack: made("refused"),
  control: made("succeeded", { tokenOut: true }),
  events: [event("denied")],
  eventsLost: false,
  canaryEnded: undefined,
};

const outcome = (change: Partial<Trial>): string => judge({ ...good, ...change }).outcome;

describe("an attack program that cannot be started", () => {
  const aim = { pid: 1, tid2: 1, address: "0x1", scratch: "0x1", length: 1, fd: 3, secret: "token" };
  const tried = (more: { file?: string; road?: string }) =>
    attack({ file: "/bin/true", road: "a", aim, as: "root", env: {}, onStart: () => undefined, ...more });

  it.each([
    ["which is not there", { file: "/no/such/program" }, "ENOENT"],
    // As for a user whom the agent may not become, Node does not answer: it throws.
    ["which Node refuses to start", { road: "a\0b" }, "ERR_INVALID_ARG_VALUE"],
  ])("is not tried: one %s", async (_, more, errno) => {
    const why = "the attack program cannot be started as root";
    expect(await tried(more)).toMatchObject({ pid: 0, result: "not tried", errno, why, tokenOut: false });
  });
});

describe("judge", () => {
  it("calls refused what the event says and the neighbour shows to be possible", () => {
    expect(judge(good)).toEqual({ outcome: "refused", reason: "" });
    expect(outcome({ attacker: "nobody" })).toBe("refused");
    expect(outcome({ scope: "node", control: undefined })).toBe("refused");
  });

  it("never passes a token that came out", () => {
    const attack = made("refused", { tokenOut: true });
    expect(outcome({ attack })).toBe("not_stopped");
    expect(outcome({ attack, events: [] })).toBe("not_stopped");
    expect(outcome({ attack, eventsLost: true, canaryEnded: "gone" })).toBe("not_stopped");
    expect(outcome({ attack, mode: "detect", events: [event("observed")] })).not.toBe("refused");
  });

  it("calls an attack that went through not stopped, whatever the event says", () => {
    expect(outcome({ attack: made("succeeded") })).toBe("not_stopped");
    expect(outcome({ attack: made("succeeded"), events: [] })).toBe("not_stopped");
    expect(outcome({ attack: made("succeeded"), events: [], eventsLost: true })).toBe("not_stopped");
    expect(outcome({ attack: made("succeeded"), events: [event("allowed")] })).toBe("not_stopped");
    expect(judge({ ...good, attack: made("succeeded"), events: [], mode: "off" }).reason).toContain("off");
  });

  it("tells the kernel's own refusal from ours by the missing event", () => {
    const attack = made("refused", { errno: "EACCES" });
    expect(outcome({ attacker: "nobody", attack, events: [] })).toBe("refused_by_kernel");
    expect(outcome({ attacker: "nobody", attack, events: [], control: made("not tried") })).toBe("refused_by_kernel");
    expect(outcome({ scope: "node", control: undefined, events: [] })).toBe("refused_by_kernel");
    expect(outcome({ attacker: "nobody", attack, events: [], eventsLost: true })).toBe("inconclusive");
    expect(outcome({ events: [] })).toBe("inconclusive");
    expect(outcome({ events: [], eventsLost: true })).toBe("inconclusive");
  });

  it("is not satisfied by an attack that reaches nobody", () => {
    for (const control of [made("refused"), made("no answer"), undefined])
      expect(outcome({ control }), control?.result).toBe("inconclusive");
    expect(outcome({ control: made("not tried", { why: "no such call" }), attack: made("not tried") })).toBe(
      "not_applicable",
    );
  });

  it("asks why root could attack the neighbour but not try the canary", () => {
    expect(outcome({ attack: made("not tried", { why: "opened, but it cannot be read" }), events: [] })).toBe(
      "inconclusive",
    );
    expect(outcome({ attacker: "nobody", attack: made("not tried"), events: [] })).toBe("not_applicable");
  });

  it("knows detect mode", () => {
    const detect = { mode: "detect", attack: made("succeeded", { tokenOut: true }) };
    expect(outcome({ ...detect, events: [event("observed")] })).toBe("observed");
    expect(outcome({ ...detect, attack: made("succeeded"), events: [] })).toBe("not_stopped");
    expect(outcome({ ...detect, attack: made("succeeded"), events: [], eventsLost: true })).toBe("inconclusive");
  });

  it("knows the killed from those that died otherwise", () => {
    const attack = made("ended by a signal", { why: "SIGKILL" });
    expect(outcome({ attack, events: [event("denied", true)] })).toBe("killed");
    expect(outcome({ events: [event("denied", true)] })).toBe("killed");
    expect(outcome({ attack, events: [] })).toBe("inconclusive");
    expect(outcome({ attack: made("ended by a signal", { why: "SIGSEGV" }) })).toBe("inconclusive");
    expect(outcome({ attack: made("no answer") })).toBe("inconclusive");
    expect(outcome({ canaryEnded: "it ended (SIGABRT)" })).toBe("inconclusive");
  });

  it("takes the word of the event alone where a refusal does not reach the caller", () => {
    const silent = { silent: true, scope: "node" as const, control: undefined, attack: made("succeeded") };
    expect(outcome(silent)).toBe("refused");
    expect(outcome({ ...silent, events: [] })).toBe("not_stopped");
    expect(outcome({ ...silent, events: [], eventsLost: true })).toBe("inconclusive");
    expect(outcome({ ...silent, events: [], mode: "detect" })).toBe("not_applicable");
  });
});

const row = (result: RoadResult["outcome"], more: Partial<RoadResult> = {}): RoadResult => ({
  road: "r",
  attacker: "root",
  outcome: result,
  reason: "",
  errno: "",
  event: null,
  control: "reached",
  ...more,
});

describe("a vector", () => {
  const facts = { vector: "environ_read", scope: "process", mode: "enforce", kill: false } as const;

  it("is as good as its worst road, which it names", () => {
    const one = summarise(facts, [row("refused"), row("not_stopped", { road: "bad" }), row("not_applicable")]);
    expect(one).toMatchObject({ outcome: "not_stopped", worst: { road: "bad", attacker: "root" } });
    expect(summarise(facts, [row("refused_by_kernel"), row("refused"), row("not_applicable")]).outcome).toBe("refused");
  });

  it("is inconclusive if no road reached the neighbour, or there is no attack program", () => {
    const unreached = { control: "not reached", attacker: "nobody" } as const;
    expect(summarise(facts, [row("refused_by_kernel", unreached)]).outcome).toBe("inconclusive");
    expect(summarise(facts, []).outcome).toBe("inconclusive");
    expect(summarise(facts, [row("not_applicable", { attacker: null, control: null })]).outcome).toBe("not_applicable");
    expect(summarise({ ...facts, scope: "node" }, [row("refused", { control: null })]).outcome).toBe("refused");
  });
});

describe("the exit status", () => {
  it("is 0 only for what was stopped", () => {
    expect(exitStatusOf(["refused", "killed", "refused_by_kernel", "not_applicable"])).toBe(0);
    expect(exitStatusOf(["refused", "observed"])).toBe(7);
    expect(exitStatusOf(["inconclusive", "observed"])).toBe(6);
    for (const other of selftestOutcomes) expect(exitStatusOf([other, "not_stopped"])).toBe(1);
  });

  it("is not 0 if nothing was tried", () => {
    expect(exitStatusOf([])).toBe(6);
    expect(exitStatusOf(["not_applicable"])).toBe(6);
  });
});

describe("the attack program's line", () => {
  it("is taken without what was read", () => {
    const line = '{"vector":"v","road":"r","succeeded":true,"errno":0,"errnoName":"","got":"secret","pid":7}';
    expect(truthOf(line, 5)).toEqual({ attackerPid: 7, errno: "", result: "succeeded", why: "" });
    expect(truthOf("", 5).result).toBe("no answer");
    expect(truthOf("[1]", 5).result).toBe("no answer");
    expect(truthOf('{"succeeded":false,"errno":2,"errnoName":"ENOENT","why":"w"}', 5)).toMatchObject({
      result: "not tried",
      errno: "ENOENT",
      why: "w",
    });
  });

  it("holds a token also if only half of it came out", () => {
    expect(holdsToken("xx0123456789abcdefyy", "0123456789abcdef")).toBe(true);
    expect(holdsToken("xx01234567yy", "0123456789abcdef")).toBe(true);
    expect(holdsToken("xx89abcdefyy", "0123456789abcdef")).toBe(true);
    expect(holdsToken("0123456", "0123456789abcdef")).toBe(false);
    expect(holdsToken("anything", "")).toBe(false);
  });

  it("is not live unless it says so", () => {
    expect(parseRoads('[{"road":"a","live":1}]')).toEqual([
      { road: "a", live: false, wide: false, silent: false, why: "" },
    ]);
    expect(() => parseRoads("{}")).toThrow();
  });
});
