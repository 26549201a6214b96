// SPDX-License-Identifier: Apache-2.0
// The C enums as the pipeline needs them. The generated objects come in as a parameter: this room does not import the kernel's.

import { type GeneratedEnum, joinVectorNumbers, namesByNumber, type VectorName } from "../vectors/index.js";
import { type LeakNames, leakNames } from "./leak.js";

const kernelOutcomes = ["observed", "denied", "killed", "allowed"] as const;
export type KernelOutcome = (typeof kernelOutcomes)[number];

export interface LeakEnums {
  LeakEncoding: GeneratedEnum;
  LeakReason: GeneratedEnum;
  LeakPlace: GeneratedEnum;
  LeakSink: GeneratedEnum;
}

export interface GeneratedAbi extends LeakEnums {
  Vector: GeneratedEnum;
  Door: GeneratedEnum;
  Outcome: Readonly<Record<KernelOutcome, number>>;
  EventFlag: Readonly<Record<"kill_wanted" | "killed" | "compat" | "io_worker" | "has_target" | "late", number>>;
}

export interface AbiNames {
  vector(number: number): VectorName | undefined;
  door(number: number): string;
  outcome(number: number): KernelOutcome | undefined;
  flags: GeneratedAbi["EventFlag"];
  leak: LeakNames;
}

export function abiNames(generated: GeneratedAbi): AbiNames {
  const vectors = joinVectorNumbers(generated.Vector);
  const doors = namesByNumber(generated.Door);
  const outcomes = new Map<number, KernelOutcome>();
  for (const name of kernelOutcomes) outcomes.set(generated.Outcome[name], name);
  return {
    vector: (number) => vectors.nameOf(number),
    door: (number) => doors.get(number) ?? `door_${number}`,
    outcome: (number) => outcomes.get(number),
    flags: generated.EventFlag,
    leak: leakNames(generated),
  };
}
