// SPDX-License-Identifier: Apache-2.0
// The kernel's own counts, summed over CPUs and read when somebody asks: exact whatever becomes of the event stream.
import { Door, decodeRepeat, decodeRepeatKey, Loss, Outcome, type RepeatKey, Vector } from "./abi.gen.js";
import type { DoorName } from "./doors.js";
import type { BpfMap } from "./native.js";

const key = Buffer.alloc(4);

export function readPerCpu(map: BpfMap, index: number): bigint {
  key.writeUInt32LE(index);
  const values = map.lookup(key);
  if (!values) return 0n;
  let sum = 0n;
  for (let at = 0; at + 8 <= values.length; at += 8) sum += values.readBigUInt64LE(at);
  return sum;
}

export const outcomeNames = ["observed", "denied", "killed", "allowed"] as const;
export type OutcomeName = (typeof outcomeNames)[number];
export type LossName = Exclude<keyof typeof Loss, "max">;

export interface OutcomeCount {
  vector: string;
  outcome: OutcomeName;
  count: bigint;
}

export function readOutcomes(map: BpfMap): OutcomeCount[] {
  return Object.entries(Vector)
    .filter(([name]) => name !== "none" && name !== "max")
    .flatMap(([vector, id]) =>
      outcomeNames.map((outcome) => ({ vector, outcome, count: readPerCpu(map, id * Outcome.max + Outcome[outcome]) })),
    );
}

export function readLosses(map: BpfMap): { reason: LossName; count: bigint }[] {
  return Object.entries(Loss)
    .filter(([name]) => name !== "max")
    .map(([reason, index]) => ({ reason: reason as LossName, count: readPerCpu(map, index) }));
}

export const readProof = (map: BpfMap, door: DoorName): bigint => readPerCpu(map, Door[door]);

/** Of the map "repeats". */
export function readRepeats(map: BpfMap): { key: RepeatKey; repeated: bigint }[] {
  return map.keys().flatMap((key) => {
    const value = map.lookup(key);
    return value === undefined ? [] : [{ key: decodeRepeatKey(key), repeated: decodeRepeat(value).repeated }];
  });
}
