// SPDX-License-Identifier: Apache-2.0
// Who is in scope: asks the task iterator in the kernel to add, remove and list. User space never handles the keys.
import {
  CensusOp,
  type CensusRecord,
  CensusRecordSize,
  type CensusRequest,
  decodeCensusRecord,
  decodeCensusRequest,
  decodeNamespace,
  encodeCensusRequest,
  Role,
} from "./abi.gen.js";
import type { BpfMap } from "./native.js";

/** Runs the iterator once and returns what it wrote. */
export type RunIterator = () => Buffer;

const zero = Buffer.alloc(4);

/** Each pass catches what was forked during the one before; a workload that outruns this many is hostile to itself. */
const maxPasses = 32;

export interface Addition {
  tgid: number;
  group: number;
  role: number;
  /** Existing descendants too. */
  follow: boolean;
  /** Also those of them whom a person has taken out by number: another person's word, and none that was given before. */
  recall?: boolean;
  /** With the role of the agent. */
  self?: Introduction;
}

/** What the agent tells of itself: see struct ct_agent in bpf/abi.h. */
export interface Introduction {
  nextIno: bigint;
  nextDev: number;
  /** Descriptors of the directory of pins; -1 if there is none. */
  pinsFd: number;
  hostFd: number;
}

const noScratch = { mm: 0n, leader: 0n };

const nothing: Introduction = { nextIno: 0n, nextDev: 0, pinsFd: -1, hostFd: -1 };

type Request = Pick<CensusRequest, "op" | "tgid" | "group" | "role" | "follow"> & Partial<CensusRequest>;

export interface AdditionResult {
  records: CensusRecord[];
  /** Tasks that were put in scope. */
  added: number;
  /** The scope map had no room for all. */
  full: boolean;
}

export class Census {
  readonly #request: BpfMap;
  readonly #run: RunIterator;
  readonly #namespaces: BpfMap | undefined;
  #generation = 1;
  /** The last pass that listed all had no room for more namespaces: who came last can be entered, which no door tells. */
  namespacesFull = false;

  /** @param namespaces what the passes note of protected processes' namespaces; list() clears it of what is gone */
  constructor(request: BpfMap, run: RunIterator, namespaces?: BpfMap) {
    this.#request = request;
    this.#namespaces = namespaces;
    this.#run = run;
  }

  add({ self, recall = false, ...addition }: Addition): AdditionResult {
    let scratch = noScratch;
    let added = 0;
    let full = false;
    for (let pass = 0; pass < maxPasses; pass++) {
      const { records, after } = this.#pass(
        {
          op: CensusOp.add,
          ...addition,
          follow: addition.follow ? 1 : 0,
          recall: recall ? addition.group : 0,
          ...scratch,
        },
        self,
      );
      scratch = { mm: after.mm, leader: after.leader };
      added += after.changed;
      full ||= after.full !== 0;
      // The first pass may have met those who share the memory before it met the one that is named.
      if (after.changed === 0 && pass > 0) return { records, added, full };
    }
    return { records: this.list().filter((r) => r.who.group === addition.group), added, full };
  }

  /**
   * Puts in scope who is in a protected control group, except whom a person has taken out by number: one census for all.
   * @param trusted the group whose members trust each other, which a person has just named; all others come alone
   * @param recall the workload that a person has just named: of it those come too who were taken out
   */
  enter(trusted = 0n, recall = 0): { entered: number; full: boolean } {
    let entered = 0;
    let full = false;
    for (let pass = 0; pass < maxPasses; pass++) {
      const { after } = this.#pass({
        op: CensusOp.cgroups,
        tgid: 0,
        group: 0,
        role: Role.protected,
        follow: 0,
        trusted,
        recall,
      });
      entered += after.changed;
      full ||= after.full !== 0;
      if (after.changed === 0) break;
    }
    return { entered, full };
  }

  /** Takes one process out of scope, or with tgid 0 a whole group. Returns who was. */
  remove(which: { tgid: number; group: number }): CensusRecord[] {
    const gone: CensusRecord[] = [];
    for (let pass = 0; pass < maxPasses; pass++) {
      const { records } = this.#pass({ op: CensusOp.remove, ...which, role: Role.protected, follow: 0 });
      if (records.length === 0) return gone;
      gone.push(...records);
    }
    return gone;
  }

  /** Everybody, as one pass found them; each is decoded only when he is asked for. */
  *each(): Generator<CensusRecord, void, void> {
    const { output } = this.#walk({ op: CensusOp.list, tgid: 0, group: 0, role: 0, follow: 0 });
    yield* decoded(output);
  }

  list(): CensusRecord[] {
    const { records } = this.#pass({ op: CensusOp.list, tgid: 0, group: 0, role: 0, follow: 0 });
    if (this.#namespaces) this.#lookAtNamespaces(this.#namespaces);
    return records;
  }

  #lookAtNamespaces(namespaces: BpfMap): void {
    const keys = namespaces.keys();
    this.namespacesFull = keys.length >= namespaces.info().maxEntries;
    for (const key of keys) {
      const entry = namespaces.lookup(key);
      if (entry && decodeNamespace(entry).census !== this.#generation) namespaces.delete(key);
    }
  }

  #pass(request: Request, self = nothing) {
    const { output, after } = this.#walk(request, self);
    return { records: [...decoded(output)], after };
  }

  #walk(request: Request, self = nothing) {
    this.#generation = (this.#generation % 0xffff_ffff) + 1;
    this.#request.update(
      zero,
      encodeCensusRequest({
        ...noScratch,
        trusted: 0n,
        recall: 0,
        ...request,
        ...self,
        generation: this.#generation,
        changed: 0,
        full: 0,
      }),
    );
    const output = this.#run();
    const after = this.#request.lookup(zero);
    if (!after) throw new Error("census_request: an array map lost its only entry");
    return { output, after: decodeCensusRequest(after) };
  }
}

function* decoded(output: Buffer): Generator<CensusRecord, void, void> {
  for (let at = 0; at + CensusRecordSize <= output.length; at += CensusRecordSize) yield decodeCensusRecord(output, at);
}
