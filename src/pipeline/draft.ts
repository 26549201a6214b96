// SPDX-License-Identifier: Apache-2.0
// What the steps of the pipeline hand on, and what they may ask for.

import type { AnyEvent, CloudtaserEvent } from "../formats/index.js";
import type { VectorName } from "../vectors/index.js";
import type { AbiNames } from "./abi.js";
import type { BootClock } from "./clock.js";
import type { DecodedEvent, DecodedIdentity } from "./decoded.js";
import type { Facts, ProcessFacts } from "./facts.js";

/** Where an event stands among the others. */
export interface Place {
  seq: number;
  /** Hash of the line before. */
  prev: string;
}

export interface Sequence {
  /** Makes the next event and its line in the native format, newline included. build may throw: no place is taken then.
   *  @param toText another way to the same text */
  add<Event extends AnyEvent>(
    build: (place: Place) => Event,
    toText?: (event: Event) => string,
  ): { event: Event; line: string };
}

export interface PipelineContext {
  sequence: Sequence;
  abi: AbiNames;
  node: string;
  /** The kernel's id of this boot; undefined if it does not tell. */
  boot?: string | undefined;
  clock: BootClock;
  facts: Facts;
  /** Name of the workload that is protected as this group. */
  workloadOf(group: number): string | undefined;
  /** Name of the registered secret with this number. */
  secretOf(id: number): string | undefined;
  /** Mode of a vector now; only asked for what the event itself does not say. */
  modeOf(vector: VectorName): "off" | "detect" | "enforce";
  /** Sends SIGKILL to exactly this process. false if it was not sent. Must not throw for a process that is gone. */
  kill(who: DecodedIdentity): boolean;
}

export type Verdict = Pick<CloudtaserEvent, "severity" | "mode" | "outcome" | "killed" | "leakWindow">;

/** What the steps found out. */
export interface Draft {
  decoded: DecodedEvent;
  /** Attempts that it stands for. */
  count: number;
  vector: VectorName;
  verdict: Verdict;
  offenderFacts: ProcessFacts;
  targetFacts: ProcessFacts | undefined;
}

const refusedRecords = ["abi_mismatch", "unknown_vector", "unknown_outcome", "failed"] as const;
export type DropReason = (typeof refusedRecords)[number];

/** Why a record of the kernel becomes no event; one of the wrong size (malformed) does not get as far as the pipeline. */
export const pipelineDrops = [...refusedRecords, "malformed"] as const;
