// SPDX-License-Identifier: Apache-2.0
// What is done to a process when its protection begins, so that the kernel itself writes none of its memory to a file:
// no core size, nothing in core dumps, no swap. Old values are remembered and set back when protection ends, unless the
// process has changed them meanwhile. Children inherit core limit and filter by themselves.
import { closeSync, openSync, writeSync } from "node:fs";
import { reasonOf } from "../errors/index.js";
import { checkUndumpable } from "./dumpable.js";
import type { ScopeRecord } from "./kernel.js";
import { readSmall } from "./proc-file.js";
import { type CgroupSwap, cgroupOf, inodeOf, offers, readSwap, writeSwap } from "./swap.js";

export const hardeningKinds = ["core_limit", "coredump_filter", "swap", "dumpable"] as const;
export type HardeningKind = (typeof hardeningKinds)[number];
/** dumpable is only told. */
export type HardeningSwitch = Exclude<HardeningKind, "dumpable">;

/** undone and left: at the end of protection; left is what the process has changed itself, or what is not known. */
export const hardeningOutcomes = ["done", "refused", "not_needed", "undone", "left"] as const;
export type HardeningOutcome = (typeof hardeningOutcomes)[number];

export interface HardeningState {
  outcome: HardeningOutcome;
  /** Why it was refused; "" otherwise. */
  reason: string;
}

/** Soft and hard core size limit; -1 is unlimited. */
export type Limits = [number, number];

export interface HardeningMeans {
  /** Sets the core size limit of a process if `limits` are given; returns those before. */
  coreLimit(pid: number, limits?: Limits): Limits;
  hold(pid: number): { alive(): boolean; close(): void };
}

interface Known {
  states: Partial<Record<HardeningKind, HardeningState>>;
  core?: Limits;
  filter?: string;
  /** Control group whose swap was switched off for this process among others. */
  swap?: { path: string; inode: number };
}

const nothing = "00000000";
const RLIM_NONE: Limits = [0, 0];

export class Hardening {
  readonly #means: HardeningMeans;
  readonly #wanted: () => Readonly<Record<HardeningSwitch, boolean>>;
  readonly #known = new Map<string, Known>();
  readonly #swaps = new Map<string, CgroupSwap>();
  readonly #counts = new Map<string, number>();

  constructor(means: HardeningMeans, wanted: () => Readonly<Record<HardeningSwitch, boolean>>) {
    this.#means = means;
    this.#wanted = wanted;
  }

  /**
   * Returns whether all of them are hardened: with a list of later on, it goes on with the rest.
   * @param workloads processes of each; all: everything protected, of which the ended ones are forgotten
   * @param most of new processes
   */
  harden(
    workloads: readonly (readonly ScopeRecord[])[],
    all: readonly ScopeRecord[],
    most = Number.POSITIVE_INFINITY,
  ): boolean {
    const alive = new Set(all.map(keyOf));
    for (const [key, known] of this.#known) if (!alive.has(key)) this.#forget(key, known);
    for (const [path, { users, inode }] of this.#swaps)
      if (users <= 0 && inodeOf(path) !== inode) this.#swaps.delete(path);
    const fresh = workloads.map((members) => ({
      members,
      some: members.filter((one) => !this.#known.has(keyOf(one))),
    }));
    // The fewest first: a workload that forks without end keeps only itself waiting.
    fresh.sort((one, other) => one.some.length - other.some.length);
    let left = most;
    for (const { members, some } of fresh) {
      this.#hardenSome(some.slice(0, left), members);
      if (some.length > left) return false;
      left -= some.length;
    }
    return true;
  }

  /** It has ended. Swap stays off for who may still come into its group, as long as that is there. */
  #forget(key: string, { swap }: Known): void {
    this.#known.delete(key);
    const owned = swap && this.#swaps.get(swap.path);
    if (owned?.inode === swap?.inode && owned) owned.users--;
  }

  #hardenSome(fresh: readonly ScopeRecord[], members: readonly ScopeRecord[]): void {
    if (fresh.length === 0) return;
    const wanted = this.#wanted();
    const swap = new Turn(members);
    for (const record of fresh) {
      const known: Known = { states: {} };
      this.#known.set(keyOf(record), known);
      const { tgid } = record.who;
      if (wanted.core_limit)
        this.#try(known, "core_limit", () => this.#held(record, () => this.#limitCore(tgid, known)));
      if (wanted.coredump_filter) {
        this.#try(known, "coredump_filter", () => this.#held(record, () => filterOff(tgid, known)));
      }
      if (wanted.swap) this.#try(known, "swap", () => this.#swapOff(tgid, known, swap));
      this.#try(known, "dumpable", () => this.#held(record, () => seenUndumpable(tgid)));
    }
  }

  /** Sets back what can be. */
  relax(records: readonly ScopeRecord[]): void {
    for (const record of records) {
      const known = this.#known.get(keyOf(record));
      this.#known.delete(keyOf(record));
      if (known === undefined) continue;
      const { tgid } = record.who;
      const { core, filter } = known;
      if (core) this.#undo("core_limit", () => this.#held(record, () => this.#restoreCore(tgid, core)));
      if (filter !== undefined)
        this.#undo("coredump_filter", () => this.#held(record, () => restoreFilter(tgid, filter)));
      if (known.swap !== undefined) this.#swapBack(known.swap);
    }
  }

  of(record: ScopeRecord): Partial<Record<HardeningKind, HardeningState>> {
    return this.#known.get(keyOf(record))?.states ?? {};
  }

  totals(): { kind: HardeningKind; outcome: HardeningOutcome; count: number }[] {
    return hardeningKinds.flatMap((kind) =>
      hardeningOutcomes.map((outcome) => ({ kind, outcome, count: this.#counts.get(`${kind} ${outcome}`) ?? 0 })),
    );
  }

  /** Runs it only on the process that was protected, not on one that has its number now. */
  #held(record: ScopeRecord, action: () => HardeningOutcome): HardeningOutcome {
    const held = this.#means.hold(record.who.tgid);
    try {
      if (startTicks(record.who.tgid) !== record.who.startBoottimeNs / 10_000_000n) throw new Error("it has ended");
      return action();
    } finally {
      held.close();
    }
  }

  #limitCore(pid: number, known: Known): HardeningOutcome {
    const before = this.#means.coreLimit(pid);
    if (before[0] === 0 && before[1] === 0) return "not_needed";
    this.#means.coreLimit(pid, RLIM_NONE);
    known.core = before;
    return "done";
  }

  #restoreCore(pid: number, before: Limits): HardeningOutcome {
    const now = this.#means.coreLimit(pid);
    if (now[0] !== 0 || now[1] !== 0) return "left";
    this.#means.coreLimit(pid, before);
    return "undone";
  }

  #swapOff(pid: number, known: Known, turn: Turn): HardeningOutcome {
    const path = cgroupOf(pid);
    const inode = inodeOf(path) ?? 0;
    const owned = this.#swaps.get(path);
    if (owned?.inode === inode) {
      known.swap = { path, inode };
      owned.users++;
      return "done";
    }
    // Of a group that was there before under that name nothing is left.
    this.#swaps.delete(path);
    const before = turn.swapOf(path);
    if (before === "0") return "not_needed";
    writeSwap(path, "0");
    this.#swaps.set(path, { before, inode, users: 1 });
    known.swap = { path, inode };
    return "done";
  }

  /** With the last process of those for which it was switched off. */
  #swapBack({ path, inode }: NonNullable<Known["swap"]>): void {
    const owned = this.#swaps.get(path);
    if (owned?.inode !== inode || --owned.users > 0) return;
    this.#swaps.delete(path);
    this.#undo("swap", () => {
      if (inodeOf(path) !== inode || readSwap(path) !== "0") return "left";
      writeSwap(path, owned.before);
      return "undone";
    });
  }

  #try(known: Known, kind: HardeningKind, action: () => HardeningOutcome): void {
    let state: HardeningState;
    try {
      state = { outcome: action(), reason: "" };
    } catch (error) {
      state = { outcome: "refused", reason: reasonOf(error) };
    }
    known.states[kind] = state;
    this.#count(kind, state.outcome);
  }

  #undo(kind: HardeningKind, action: () => HardeningOutcome): void {
    try {
      this.#count(kind, action());
    } catch {
      this.#count(kind, "left"); // mostly: it has ended
    }
  }

  #count(kind: HardeningKind, outcome: HardeningOutcome): void {
    const key = `${kind} ${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** A control group is looked through once for all of its processes that come in one go, and not once for each. */
class Turn {
  readonly #members: ReadonlySet<number>;
  readonly #found = new Map<string, { before: string } | { problem: unknown }>();

  constructor(members: readonly ScopeRecord[]) {
    this.#members = new Set(members.map(({ who }) => who.tgid));
  }

  /** Its limit of swap; throws where that is not to be changed for the members alone. */
  swapOf(path: string): string {
    const found = this.#found.get(path) ?? this.#look(path);
    this.#found.set(path, found);
    if ("problem" in found) throw found.problem;
    return found.before;
  }

  #look(path: string): { before: string } | { problem: unknown } {
    try {
      const problem = offers(path, this.#members);
      if (problem !== "") throw new Error(problem);
      return { before: readSwap(path) };
    } catch (problem) {
      return { problem };
    }
  }
}

const keyOf = ({ who }: ScopeRecord): string => `${who.tgid} ${who.startBoottimeNs}`;

function seenUndumpable(pid: number): HardeningOutcome {
  checkUndumpable(pid);
  return "not_needed";
}

function filterOff(pid: number, known: Known): HardeningOutcome {
  const before = readSmall(`/proc/${pid}/coredump_filter`).trim();
  if (before === nothing) return "not_needed";
  writeFilter(pid, "0x0");
  known.filter = before;
  return "done";
}

function restoreFilter(pid: number, before: string): HardeningOutcome {
  if (readSmall(`/proc/${pid}/coredump_filter`).trim() !== nothing) return "left";
  writeFilter(pid, `0x${before}`);
  return "undone";
}

function writeFilter(pid: number, value: string): void {
  const fd = openSync(`/proc/${pid}/coredump_filter`, "r+");
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

function startTicks(pid: number): bigint {
  const text = readSmall(`/proc/${pid}/stat`);
  return BigInt(text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? -1);
}
