// SPDX-License-Identifier: Apache-2.0
// An attacker that tries again is described once: whatever of it has changed since must show all the same.

import { describe, expect, it } from "vitest";
import { Chain } from "../../src/evidence/index.js";
import type { AnyEvent, CloudtaserEvent } from "../../src/formats/index.js";
import * as abi from "../../src/kernel/abi.gen.js";
import { abiNames, createPipeline, type DecodedEvent, formatTime } from "../../src/pipeline/index.js";
import { makeRecords } from "../bench/event-records.js";

const record = abi.decodeEvent(makeRecords(1));
const found = { exePath: "/usr/bin/gdb", parent: [{ pid: 1, comm: "systemd" }] };

/** The events of the records, each made after its change of what is asked for. */
function pipelineOf() {
  const now = { user: "alice", workload: "payments", offset: 1_700_000_000_000_000_000n };
  const events: AnyEvent[] = [];
  const pipeline = createPipeline(
    {
      sequence: new Chain(),
      abi: abiNames(abi),
      node: "node-1",
      clock: { offsetNs: () => now.offset },
      // The same object each time, as the cache gives it, or as nothing is known of many.
      facts: { of: () => found, userName: () => now.user, stats: { reads: 0, skipped: 0, gone: 0 } },
      workloadOf: () => now.workload,
      secretOf: () => undefined,
      modeOf: () => "enforce",
      kill: () => false,
    },
    (event) => void events.push(event),
  );
  const next = (change: Partial<DecodedEvent> = {}): CloudtaserEvent => {
    pipeline.process([{ ...record, ...change }]);
    return events.at(-1) as CloudtaserEvent;
  };
  return { now, next };
}

describe("an event of an attacker that is known", () => {
  it("says the same of it, in an event of its own", () => {
    const { next } = pipelineOf();
    const [one, other] = [next(), next()];
    expect(other).toEqual({ ...one, id: other.id, seq: 2, prev: other.prev });
    expect(other.offender).toMatchObject({ comm: "gdb", parent: found.parent });
    expect(other.target).toMatchObject({ comm: "payments", workload: "payments" });
  });

  it.each([
    ["comm", "gdb2"],
    ["tid", 7],
    ["tgid", 7],
    ["uid", 7],
    ["ppid", 7],
    ["exeIno", 7n],
    ["exeDev", 7],
    ["cgroupId", 7n],
    ["startBoottimeNs", 7n],
  ] as const)("shows another %s", (key, value) => {
    const { next } = pipelineOf();
    const first = next();
    const changed = { ...record.offender, [key]: value };
    const fresh = pipelineOf().next({ offender: changed, target: { ...record.target, [key]: value } });
    const after = next({ offender: changed, target: { ...record.target, [key]: value } });
    expect(after.offender).toEqual(fresh.offender);
    expect(after.target).toEqual(fresh.target);
    expect(after.offender).not.toEqual(first.offender);
    expect(next()).toMatchObject({ offender: first.offender, target: first.target });
  });

  it("shows another user, workload, group and wall clock", () => {
    const { now, next } = pipelineOf();
    next();
    now.user = "bob";
    expect(next()).toMatchObject({ offender: { user: "bob" }, target: { user: "bob" } });
    now.workload = "ledger";
    expect(next().target).toMatchObject({ workload: "ledger" });
    expect(next({ target: { ...record.target, group: 9 } }).target).toMatchObject({ group: 9 });
    now.offset += 3_600_000_000_000n;
    const startTime = formatTime(now.offset + record.offender.startBoottimeNs);
    expect(next()).toMatchObject({ offender: { startTime }, target: { startTime } });
  });
});
