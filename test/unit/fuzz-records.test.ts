// SPDX-License-Identifier: Apache-2.0
// Any bytes as a record of the kernel: what this build knows becomes one event with the verdict that the bytes hold, in every
// format; all else is refused by reason and counted. Nothing throws.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Chain } from "../../src/evidence/index.js";
import { type AnyEvent, type CloudtaserEvent, eventSchema, formatNames, isJson } from "../../src/formats/index.js";
import { formats } from "../../src/formats/registry.js";
import * as abi from "../../src/kernel/abi.gen.js";
import { EventRing } from "../../src/kernel/drain.js";
import type { BpfMap, Native, Ring } from "../../src/kernel/native.js";
import { abiNames, abiVersion, createFacts, createPipeline } from "../../src/pipeline/index.js";

const facts = () =>
  createFacts({
    stat: () => undefined,
    exePath: () => undefined,
    cgroupPath: () => undefined,
    cgroupId: () => undefined,
    users: () => undefined,
  });

const names = abiNames(abi);
const schema = eventSchema();

/** Offsets in the record, as the decoder reads them. */
const at = { abi: 240, vector: 242, outcome: 246, flags: 247 } as const;

function run(record: Buffer, count: number) {
  const events: [AnyEvent, string][] = [];
  const pipeline = createPipeline(
    {
      sequence: new Chain(),
      abi: names,
      node: "node-1",
      clock: { offsetNs: () => 1_700_000_000_000_000_000n },
      facts: facts(),
      workloadOf: () => undefined,
      secretOf: () => undefined,
      modeOf: () => "enforce",
      kill: () => false,
    },
    (event, line) => events.push([event, line]),
  );
  pipeline.process([abi.decodeEvent(record)], count);
  return { events, stats: pipeline.stats };
}

const bytes = fc.uint8Array({ minLength: abi.EventSize, maxLength: abi.EventSize }).map((some) => Buffer.from(some));

/** One that this build knows, with everything else at random or at the edges. */
const known = fc
  .record({
    bytes: fc.oneof(
      bytes,
      fc.constantFrom(0x00, 0x7f, 0x80, 0xff).map((byte) => Buffer.alloc(abi.EventSize, byte)),
    ),
    vector: fc.constantFrom(...Object.values(abi.Vector).filter((number) => names.vector(number) !== undefined)),
    outcome: fc.constantFrom(...Object.values(abi.Outcome).filter((number) => names.outcome(number) !== undefined)),
    flags: fc.nat({ max: 255 }),
    small: fc.array(fc.nat({ max: 40 }), { minLength: 4, maxLength: 4 }),
    edge: fc.boolean(),
  })
  .map((wanted) => {
    const record = Buffer.from(wanted.bytes);
    record.writeUInt16LE(abiVersion, at.abi);
    record.writeUInt16LE(wanted.vector, at.vector);
    record.writeUInt8(wanted.outcome, at.outcome);
    record.writeUInt8(wanted.flags, at.flags);
    // Arguments are often numbers of something: enums, calls, signals.
    if (wanted.edge)
      for (const [index, value] of wanted.small.entries()) record.writeBigUInt64LE(BigInt(value), 8 + 8 * index);
    return { ...wanted, record };
  });

function checkLine(format: (typeof formatNames)[number], event: AnyEvent): void {
  const line = formats[format].line(event);
  expect(line.indexOf("\n")).toBe(line.length - 1);
  if (isJson(format)) expect(typeof JSON.parse(line)).toBe("object");
}

describe("a record of the kernel", () => {
  it("lies where these tests think", () => {
    const record = Buffer.alloc(abi.EventSize);
    record.writeUInt16LE(7, at.abi);
    record.writeUInt16LE(8, at.vector);
    record.writeUInt8(9, at.outcome);
    record.writeUInt8(10, at.flags);
    expect(abi.decodeEvent(record)).toMatchObject({ abi: 7, vector: 8, outcome: 9, flags: 10 });
  });

  it("of any bytes is published or refused by reason, and never fails", () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), (record, ours) => {
        if (ours) record.writeUInt16LE(abiVersion, at.abi);
        const { events, stats } = run(record, 1);
        const { failed, ...refused } = stats.dropped;
        expect(failed, String(stats.lastFailure)).toBe(0);
        expect(events.length + Object.values(refused).reduce((sum, one) => sum + one, 0)).toBe(1);
        if (!ours && record.readUInt16LE(at.abi) !== abiVersion) expect(refused.abi_mismatch).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it("that is too short is refused wherever it lies, and never completed with what lies behind it", () => {
    const around = Buffer.alloc(3 * abi.EventSize, 0xaa);
    const place = fc.record({ size: fc.nat({ max: abi.EventSize - 1 }), before: fc.nat({ max: abi.EventSize }) });
    fc.assert(
      fc.property(place, fc.boolean(), bytes, ({ size, before }, behindOther, record) => {
        record.copy(around, before);
        const short = around.subarray(behindOther ? 0 : before, before + size);
        expect(() => abi.decodeEvent(short, behindOther ? before : 0)).toThrow(RangeError);
      }),
      { numRuns: 1000 },
    );
  });

  it("that is too long is what its first bytes say", () => {
    const rest = fc.uint8Array({ minLength: 1, maxLength: 4 * abi.EventSize });
    fc.assert(
      fc.property(bytes, rest, rest, (record, behind, before) => {
        const decoded = abi.decodeEvent(record);
        expect(abi.decodeEvent(Buffer.concat([record, behind]))).toEqual(decoded);
        expect(abi.decodeEvent(Buffer.concat([before, record, behind]), before.length)).toEqual(decoded);
      }),
      { numRuns: 500 },
    );
  });

  it("of another length than agreed on is counted beside those that are handed on", () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 64 }), fc.nat({ max: 64 }), (records, malformed) => {
        let deliver: Parameters<Native["openRing"]>[2] | undefined;
        let agreed: Parameters<Native["openRing"]>[1] | undefined;
        const openRing: Native["openRing"] = (_map, shape, onBatch) => {
          agreed = shape;
          deliver = onBatch;
          return {} as Ring;
        };
        const told: [abi.Event[], number][] = [];
        new EventRing({ openRing } as unknown as Native, {} as BpfMap, (...batch) => told.push(batch));
        expect(agreed?.recordSize).toBe(abi.EventSize);
        deliver?.(Buffer.concat(records), records.length, malformed);
        expect(told).toEqual([[records.map((record) => abi.decodeEvent(record)), malformed]]);
      }),
      { numRuns: 200 },
    );
  });

  it("that this build knows is one event with that verdict, by the schema and in every format", () => {
    fc.assert(
      fc.property(known, fc.integer({ min: 1, max: 2 ** 31 }), ({ record, vector, outcome, flags }, count) => {
        const { events, stats } = run(record, count);
        expect(stats.dropped.failed, String(stats.lastFailure)).toBe(0);
        expect(events).toHaveLength(1);
        const [event, line] = events[0] as [CloudtaserEvent, string];
        expect(schema.parse(event)).toEqual(event);
        expect(JSON.parse(line)).toMatchObject({ type: event.type, seq: 1 });
        expect(event.vector).toBe(names.vector(vector));
        const killed = (flags & abi.EventFlag.killed) !== 0;
        const said = names.outcome(outcome);
        expect(event.killed).toBe(killed);
        expect(event.outcome).toBe(said === "killed" && !killed ? "observed" : said);
        expect(event.target === null).toBe((flags & abi.EventFlag.has_target) === 0);
        for (const format of formatNames) checkLine(format, event);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes no more time for any bytes than a batch may", () => {
    const records = fc.sample(known, { numRuns: 640, seed: 1 }).map(({ record }) => record);
    run(Buffer.alloc(abi.EventSize), 1);
    let slowest = 0;
    for (const record of records) {
      const before = performance.now();
      run(record, 1);
      slowest = Math.max(slowest, performance.now() - before);
    }
    // Some 10 microseconds each; not a limit on speed, but what grows without bound would show.
    expect(slowest).toBeLessThan(1000);
  });
});
