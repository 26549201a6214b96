// SPDX-License-Identifier: Apache-2.0
// Kernel records to events, with the generated decoder and a procfs of our own making.

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { printable } from "../../src/errors/index.js";
import { Chain, hashLine, noLine } from "../../src/evidence/index.js";
import { type AnyEvent, eventSchema, formatNative, noticeSchema } from "../../src/formats/index.js";
import * as abi from "../../src/kernel/abi.gen.js";
import {
  abiNames,
  createFacts,
  createPipeline,
  type DecodedEvent,
  type PipelineContext,
  type ProcReader,
} from "../../src/pipeline/index.js";
import { vectorNames } from "../../src/vectors/index.js";

const container = "ab".repeat(32);
const silent: ProcReader = {
  stat: () => undefined,
  exePath: () => undefined,
  cgroupPath: () => undefined,
  cgroupId: () => undefined,
  users: () => undefined,
};

const reader: ProcReader = {
  stat: (pid) =>
    ({
      500: { comm: "gdb", ppid: 400, startTicks: 700n },
      400: { comm: "ba) R 1 (sh\u001b[2J", ppid: 1, startTicks: 600n },
      1: { comm: "systemd", ppid: 0, startTicks: 1n },
      900: { comm: "payments", ppid: 1, startTicks: 300n },
    })[pid],
  exePath: (pid) => ({ 500: "/usr/bin/gdb", 400: "/bin/bash", 900: "/srv/pay\nments" })[pid],
  cgroupPath: (pid) => (pid === 900 ? `/kubepods/pod1/cri-containerd-${container}.scope` : "/user.slice"),
  cgroupId: (path) => (path === "/user.slice" ? 77n : 88n),
  users: () => "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
};

function context(change: Partial<PipelineContext> = {}): PipelineContext {
  return {
    sequence: new Chain(),
    abi: abiNames(abi),
    node: "node-1",
    clock: { offsetNs: () => 1_700_000_000_000_000_000n },
    facts: createFacts(reader),
    workloadOf: (group) => (group === 7 ? "payments" : undefined),
    secretOf: (id) => (id === 5 ? "db_password" : undefined),
    modeOf: () => "enforce",
    kill: () => false,
    ...change,
  };
}

const offender = {
  startBoottimeNs: 7_001_234_567n,
  cgroupId: 77n,
  exeIno: 2n ** 63n,
  exeDev: (8 << 20) | 1,
  tgid: 500,
  tid: 501,
  ppid: 400,
  uid: 1000,
  group: 0,
  comm: "gdb",
};

const record: DecodedEvent = {
  timeNs: 8_000_000_123n,
  arg: [0x12n, 16n, 0n, 0n],
  offender,
  target: {
    ...offender,
    startBoottimeNs: 3_000_000_000n,
    cgroupId: 88n,
    tgid: 900,
    tid: 900,
    ppid: 1,
    uid: 0,
    group: 7,
    comm: "payments",
  },
  name: "",
  syscall: 101,
  error: -1,
  abi: 1,
  vector: abi.Vector.ptrace_attach,
  door: abi.Door.ptrace_access_check,
  outcome: abi.Outcome.denied,
  flags: abi.EventFlag.has_target,
};

function run(records: DecodedEvent[], change: Partial<PipelineContext> = {}) {
  const events: AnyEvent[] = [];
  const lines: string[] = [];
  const pipeline = createPipeline(context(change), (event, line) => {
    events.push(event);
    lines.push(line);
  });
  pipeline.process(records);
  return { events, lines, pipeline, stats: pipeline.stats };
}

describe("pipeline", () => {
  it("names the vector that an attempt on the agent came by, and shows a number that is none", () => {
    const onAgent = { ...record, vector: abi.Vector.agent_access };
    const known = run([{ ...onAgent, arg: [BigInt(abi.Vector.oom_adj), 0x8001n, 0n, 0n] }]).events[0];
    expect(known).toMatchObject({ type: "AGENT_TAMPER", detail: { via: "oom_adj", argument: "0x8001" } });
    expect(run([{ ...onAgent, arg: [63n, 0n, 0n, 0n] }]).events[0]?.detail["via"]).toBe(63);
  });

  it("makes one event that says who, whom, by which call and how it ended", () => {
    const { events } = run([record]);
    expect(events).toHaveLength(1);
    expect(eventSchema().parse(events[0])).toEqual(events[0]);
    expect(events[0]).toMatchObject({
      seq: 1,
      time: "2023-11-14T22:13:28.000000123Z",
      node: "node-1",
      type: "PTRACE_DENIED",
      vector: "ptrace_attach",
      severity: "critical",
      mode: "enforce",
      outcome: "denied",
      killed: false,
      leakWindow: false,
      error: "EPERM",
      door: "ptrace_access_check",
      syscall: { number: 101, name: "ptrace", compat: false },
      detail: { accessMode: "0x12", ptraceRequest: 16 },
      offender: {
        pid: 500,
        tid: 501,
        startTime: "2023-11-14T22:13:27.001234567Z",
        startBoottimeNs: "7001234567",
        user: "alice",
        exe: { path: "/usr/bin/gdb", dev: "8:1", inode: "9223372036854775808" },
        cgroup: { id: "77", path: "/user.slice" },
        parent: [
          { pid: 400, comm: "ba) R 1 (sh\\x1b[2J", exe: "/bin/bash" },
          { pid: 1, comm: "systemd" },
        ],
      },
      target: {
        pid: 900,
        group: 7,
        workload: "payments",
        container: { id: container },
        exe: { path: "/srv/pay\\x0aments" },
      },
    });
    expect(events[0]?.id.slice(0, 13).replace("-", "")).toBe(Number(1_700_000_008_000n).toString(16).padStart(12, "0"));
  });

  it("takes a look at everybody's BPF objects less seriously than a hand on ours", () => {
    const tamper = { ...record, vector: abi.Vector.bpf_tamper, flags: 0 };
    const severities = [1n, 2n, 3n, 99n].map(
      (road) => run([{ ...tamper, arg: [road, 14n, 0n, 0n] }]).events[0]?.severity,
    );
    expect(severities).toEqual(["medium", "critical", "critical", "critical"]);
  });

  it("says killed, with a leak window, where the kernel killed after the fact", () => {
    const flags = abi.EventFlag.late | abi.EventFlag.kill_wanted | abi.EventFlag.killed;
    const { events } = run([{ ...record, outcome: abi.Outcome.killed, error: 0, flags }]);
    expect(events[0]).toMatchObject({
      mode: "enforce",
      outcome: "killed",
      killed: true,
      leakWindow: true,
      error: null,
    });
  });

  it("does not say killed of an offender that nobody could kill", () => {
    const flags = abi.EventFlag.late | abi.EventFlag.kill_wanted;
    const late = { ...record, outcome: abi.Outcome.killed, error: 0, flags };
    expect(run([late], { kill: () => false }).events[0]).toMatchObject({
      mode: "enforce",
      outcome: "observed",
      killed: false,
      leakWindow: true,
    });
    expect(run([late], { kill: () => true }).events[0]).toMatchObject({ outcome: "killed", killed: true });
  });

  it("gives what the agent says of itself the next number", () => {
    const { pipeline, lines } = run([record]);
    pipeline.announce({ type: "GUARD_SKIPPED", door: "file_open", vectors: ["environ_read"], count: 3 });
    const line = lines[1] ?? "";
    const notice = noticeSchema().parse(JSON.parse(line));
    expect(notice).toMatchObject({ seq: 2, type: "GUARD_SKIPPED", severity: "critical", vector: null, count: 3 });
    expect(line.endsWith("\n") && !line.slice(0, -1).includes("\n")).toBe(true);
    expect(pipeline.stats.published).toBe(2);
  });

  it("chains lines, and gives no number to a record that makes no event", () => {
    const workloadOf = (group: number) => {
      if (group === 66) throw new RangeError("no such group");
      return undefined;
    };
    const bad = { ...record, target: { ...record.target, group: 66 } };
    const { events, lines, pipeline } = run([record, bad, record], { workloadOf });
    pipeline.announce({ type: "GUARD_PROVED" });
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    const hashes = lines.map((line) => hashLine(line.trimEnd()));
    expect(events.map(({ prev }) => prev)).toEqual([noLine, hashes[0], hashes[1]]);
  });

  it("says observed, and nothing of an error, in detect", () => {
    const { events } = run([{ ...record, outcome: abi.Outcome.observed, error: 0 }], { modeOf: () => "detect" });
    expect(events[0]).toMatchObject({ mode: "detect", outcome: "observed", error: null, leakWindow: false });
  });

  it("leaves the target null for attacks on the node, and names the road", () => {
    const module = { ...record, vector: abi.Vector.module_load, flags: 0, arg: [2n, 0n, 0n, 0n], name: "evil" };
    expect(run([module]).events[0]).toMatchObject({ target: null, detail: { road: "init_module", module: "evil" } });
  });

  it("knows 32-bit calls, and does not believe the registers of an io_uring worker", () => {
    const compat = { ...record, syscall: 26, flags: abi.EventFlag.compat };
    expect(run([compat]).events[0]).toMatchObject({ syscall: { number: 26, name: "ptrace", compat: true } });
    expect(run([{ ...record, flags: abi.EventFlag.io_worker }]).events[0]).toMatchObject({ syscall: null });
    expect(run([{ ...record, syscall: -1 }]).events[0]).toMatchObject({ syscall: null });
    expect(run([{ ...record, syscall: 9999 }]).events[0]).toMatchObject({ syscall: { name: "syscall_9999" } });
  });

  it("kills only when asked to and not done, and exactly the recorded process", () => {
    const kill = vi.fn(() => true);
    const { kill_wanted, killed } = abi.EventFlag;
    run([record, { ...record, flags: kill_wanted | killed }], { kill });
    expect(kill).not.toHaveBeenCalled();
    const { events, stats } = run([{ ...record, flags: kill_wanted }], { kill });
    expect(kill).toHaveBeenCalledExactlyOnceWith(offender);
    expect(events[0]).toMatchObject({ killed: true, outcome: "denied", leakWindow: false });
    expect(stats.killedFromUserSpace).toBe(1);
    const late = run([{ ...record, flags: kill_wanted, outcome: abi.Outcome.observed }], { kill });
    expect(late.events[0]).toMatchObject({ killed: true, leakWindow: true });
  });

  it("counts what it cannot use, by reason, and goes on", () => {
    const bad = [
      { ...record, abi: 2 },
      { ...record, vector: 60 },
      { ...record, outcome: 9 },
      { ...record, target: { ...record.target, group: 66 } },
      record,
    ];
    const workloadOf = (group: number) => {
      if (group === 66) throw new RangeError("no such group");
      return undefined;
    };
    const { events, stats } = run(bad, { workloadOf });
    expect(events).toHaveLength(1);
    expect(stats.dropped).toEqual({ abi_mismatch: 1, unknown_vector: 1, unknown_outcome: 1, failed: 1 });
    expect(stats).toMatchObject({ received: 5, published: 1 });
    expect(stats.lastFailure).toBeInstanceOf(RangeError);
  });

  it("publishes one valid line whatever bytes the kernel record holds", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: abi.EventSize, maxLength: abi.EventSize }),
        fc.constantFrom(...vectorNames.map((name) => abi.Vector[name])),
        fc.integer({ min: 1, max: 3 }),
        fc.string({ unit: "binary", maxLength: 60 }),
        (bytes, vector, outcome, text) => {
          const buffer = Buffer.from(bytes);
          buffer.writeBigUInt64LE(buffer.readBigUInt64LE(0) >> 4n, 0);
          for (const at of [40, 104]) buffer.writeBigUInt64LE(buffer.readBigUInt64LE(at) >> 4n, at);
          buffer.writeUInt16LE(1, 240);
          buffer.writeUInt16LE(vector, 242);
          buffer.writeUInt8(outcome, 246);
          const told = { exePath: printable(text), parent: [{ pid: 1, comm: printable(text, 16) }] };
          const { events, lines, stats } = run([abi.decodeEvent(buffer)], {
            facts: { ...createFacts(silent), of: () => told, userName: () => printable(text, 64) },
            workloadOf: () => text,
            node: text,
          });
          expect(stats.lastFailure).toBeUndefined();
          expect(eventSchema().safeParse(events[0]).error).toBeUndefined();
          expect(lines[0]?.split(/[\p{Cc}\p{Zl}\p{Zp}]/u)).toHaveLength(2);
          expect(JSON.parse(lines[0] ?? "")).toEqual(events[0]);
          // Put together piece by piece, and the same as the whole at once.
          expect(lines[0]).toBe(formatNative(events[0] as AnyEvent));
        },
      ),
      { numRuns: 500 },
    );
  });
});
