// SPDX-License-Identifier: Apache-2.0
// verify, the filters of events, and top.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSince } from "../../src/cli/events-options.js";
import { TopModel } from "../../src/cli/top-model.js";
import { renderTop } from "../../src/cli/top-view.js";
import { Chain, hashLine, openSigner } from "../../src/evidence/index.js";
import type { EventFilter } from "../../src/formats/index.js";
import { buildNotice } from "../../src/pipeline/notice.js";
import { cli, fakeAgent, hostile, scratch, status } from "./cli-support.js";

function signedLog(count: number) {
  const signer = openSigner(join(scratch, "key"));
  const chain = new Chain();
  const notices = [
    ...Array.from({ length: count }, () => ({ type: "GUARD_PROVED" as const })),
    { type: "CHECKPOINT" as const, detail: { key: signer.publicKey }, sign: signer.sign },
  ];
  const lines = notices.map((notice) => chain.add((place) => buildNotice(notice, place, { node: "n" })).line);
  return { lines, key: signer.publicKey };
}

describe("verify", () => {
  it("says complete, names the first line that is not, and ends accordingly", async () => {
    const { lines, key } = signedLog(9);
    const good = join(scratch, "good");
    const bad = join(scratch, "bad");
    const keyFile = join(scratch, "key.pub");
    writeFileSync(good, lines.join(""));
    writeFileSync(keyFile, `${key}\n`);
    writeFileSync(
      bad,
      lines.map((line, index) => (index === 4 ? line.replace('"count":1', '"count":2') : line)).join(""),
    );
    const ran = await cli(["verify", good, "--key", key]);
    expect([ran.code, ran.err]).toEqual([0, ""]);
    expect(ran.out).toMatch(/^complete and unaltered\n/);
    expect(ran.out).toContain("0 lines after the last checkpoint");
    const self = await cli(["verify", good]);
    expect(self.out).toContain("taken from the log itself");
    const altered = await cli(["verify", bad, "--key", keyFile]);
    expect(altered.code).toBe(1);
    expect(altered.out).toContain(`NOT as it was written; first at ${bad}:5`);
    expect(JSON.parse((await cli(["verify", bad, "--json"])).out)).toMatchObject({ verdict: "altered", lines: 10 });
    writeFileSync(bad, lines.slice(0, 9).join(""));
    expect((await cli(["verify", bad])).code).toBe(6);
  });

  it("says in its first line how many lines of a run that crashed nothing signs", async () => {
    const signer = openSigner(join(scratch, "key"));
    const linesOf = (chain: Chain, types: ("CHECKPOINT" | "GUARD_PROVED")[]): string[] =>
      types.map((type) => {
        const signed = type === "CHECKPOINT" ? { detail: { key: signer.publicKey }, sign: signer.sign } : {};
        return chain.add((place) => buildNotice({ type, ...signed }, place, { node: "n" })).line;
      });
    const died = linesOf(new Chain(), ["CHECKPOINT", "GUARD_PROVED", "GUARD_PROVED"]);
    const next = linesOf(new Chain(hashLine((died[0] ?? "").trimEnd())), ["GUARD_PROVED", "CHECKPOINT"]);
    const path = join(scratch, "crashed");
    writeFileSync(path, [...died, ...next].join(""));
    const ran = await cli(["verify", path, "--key", signer.publicKey]);
    expect(ran.out.split("\n")[0]).toBe(
      `complete and unaltered but for 2 lines that nothing signs, written before a crash or made up; first at ${path}:2`,
    );
    expect(ran.code).toBe(0);
  });

  it.each([
    ["no file", ["verify"], "missing required argument"],
    ["a file that is not there", ["verify", "/nonexistent"], "LOG_UNREADABLE"],
    ["a key that is none", ["verify", "/dev/null", "--key", "xyz"], "neither 32 bytes in base64"],
  ])("refuses %s", async (_, argv, text) => {
    const ran = await cli(argv);
    expect(ran.err).toContain(text);
    expect(ran.code).toBe(2);
  });
});

describe("events", () => {
  it("asks the agent for what is wanted", async () => {
    const asked: [number, EventFilter | undefined][] = [];
    const socket = await fakeAgent({
      subscribe: (backlog, _onLine, filter) => {
        asked.push([backlog, filter]);
        return () => {};
      },
    });
    const argv = [
      "--type",
      "ptrace_denied,FD_STEAL",
      "--type",
      "KEXEC",
      "--severity",
      "high",
      "--workload",
      "pay",
      "--since",
      "2026-01-01",
    ];
    expect((await cli(["events", "--socket", socket])).code).toBe(0);
    expect((await cli(["events", ...argv, "--socket", socket])).code).toBe(0);
    expect(asked.map(([backlog]) => backlog)).toEqual([100, 1000]);
    expect(asked[0]?.[1]).toBeUndefined();
    const event = { type: "FD_STEAL", severity: "high", vector: "pidfd_getfd", time: "2026-02-01T00:00:00.000000000Z" };
    const takes = (over: object) => asked[1]?.[1]?.({ ...event, target: { workload: "pay" }, ...over } as never);
    expect(takes({})).toBe(true);
    expect(takes({ type: "KEXEC" })).toBe(true);
    const others = [
      { type: "PRELOAD" },
      { severity: "medium" },
      { target: { workload: "x" } },
      { time: "2025-12-31T00:00:00.000000000Z" },
    ];
    expect(others.map(takes)).toEqual([false, false, false, false]);
  });

  it.each([
    ["a type that is none", ["--type", "9x"], "must be an event type"],
    ["a severity that is none", ["--severity", "hihg"], "one of info, low"],
    ["a time that is none", ["--since", "yesterday"], "15m, 2h"],
    ["a format that is none", ["--format", "xml"], "one of human, native"],
  ])("refuses %s", async (_, argv, text) => {
    const ran = await cli(["events", ...argv, "--socket", "/nonexistent"]);
    expect(ran.err).toContain(text);
    expect(ran.code).toBe(2);
  });

  it("reads times", () => {
    expect(["90s", "15m", "2h", "1d"].map((text) => parseSince(text, 1e9))).toEqual([
      1e9 - 9e4,
      1e9 - 9e5,
      1e9 - 72e5,
      1e9 - 864e5,
    ]);
    expect(parseSince("2026-01-31T12:00:00Z")).toBe(Date.parse("2026-01-31T12:00:00Z"));
  });

  it("prints the format that is asked for", async () => {
    const { lines } = signedLog(1);
    const socket = await fakeAgent({
      subscribe: (_backlog, onLine) => {
        for (const line of lines) onLine(line.trimEnd());
        return () => {};
      },
    });
    expect((await cli(["events", "--format", "native", "--socket", socket])).out).toBe(lines.join(""));
    expect((await cli(["events", "--socket", socket])).out).toMatch(/info +agent +GUARD_PROVED/);
  });
});

const attack = (over: object = {}) =>
  JSON.stringify({
    type: "PTRACE_DENIED",
    vector: "ptrace_attach",
    time: "2026-01-01T00:00:30.000000000Z",
    count: 3,
    outcome: "denied",
    door: "ptrace_access_check",
    offender: { comm: hostile, uid: 0, exe: { path: "/usr/bin/gdb" } },
    target: { comm: "payments", workload: "pay" },
    ...over,
  });
const now = Date.parse("2026-01-01T00:01:00Z");

describe("top", () => {
  it("counts attempts by vector, offender, target and door, the last minute apart", () => {
    const model = new TopModel();
    for (const line of [
      attack(),
      attack({ time: "2025-12-31T00:00:00.000000000Z", count: 10, outcome: "observed" }),
      attack({ vector: "kcore", target: null, door: "file_open", count: 1 }),
      '{"type":"CHECKPOINT","vector":null,"time":"2026-01-01T00:00:30.000000000Z","count":1,"door":null}',
      "not json",
      "{}",
    ]) {
      model.take(line, now);
    }
    const { vectors, offenders, targets, doors, own, attempts, events } = model.snapshot(now);
    expect([attempts, events]).toEqual([14, 4]);
    expect(vectors).toMatchObject([
      { name: "ptrace_attach", count: 13, recent: 3, outcomes: { denied: 3, observed: 10 } },
      { name: "kcore", count: 1, recent: 1 },
    ]);
    expect([targets, doors, own].map((list) => list.map(({ name }) => name))).toEqual([
      ["pay", "the node"],
      ["ptrace_access_check", "file_open"],
      ["CHECKPOINT"],
    ]);
    expect(offenders).toHaveLength(1);
    expect(model.snapshot(now + 120_000).vectors[0]?.recent).toBe(0);
  });

  it("stays small whatever an attacker calls itself, and draws nothing but text", () => {
    const model = new TopModel();
    for (let i = 0; i < 2000; i++) model.take(attack({ offender: { comm: `${hostile}${i}`, uid: i } }), now);
    expect(model.snapshot(now).offenders).toHaveLength(500);
    for (const [columns, rows] of [
      [80, 24],
      [40, 10],
      [200, 60],
    ] as const) {
      const lines = renderTop(
        model.snapshot(now),
        { ...status, node: hostile },
        { columns, rows, color: false, trouble: hostile },
      );
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.every((line) => line.length <= columns)).toBe(true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  });

  it("prints once into a pipe, and as JSON", async () => {
    const socket = await fakeAgent({
      subscribe: (_backlog, onLine) => {
        onLine(attack());
        return () => {};
      },
    });
    const ran = await cli(["top", "--once", "--socket", socket]);
    expect(ran.code).toBe(0);
    for (const text of ["ptrace_attach", "ptrace_access_check", "pay", "gdb", "siem 7 waiting, 1 dropped"])
      expect(ran.out).toContain(text);
    expect(ran.out).not.toContain("\u001b");
    expect(JSON.parse((await cli(["top", "--json", "--socket", socket])).out)).toMatchObject({ attempts: 3 });
    expect((await cli(["top", "--interval", "x", "--socket", socket])).err).toContain("--interval");
  });
});
