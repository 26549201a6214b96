// SPDX-License-Identifier: Apache-2.0
// What is missing in a log, and whether the agent told of a loss as large. A loss counts if a checkpoint signs that it was
// told: by the run itself, or by the next one, of what was lost at the stop. However much is wrong, a bounded part is kept.

import { type Line, lossOfSink } from "./line.js";
import type { Finding } from "./result.js";

export interface At {
  at: string;
  line: number;
}

type Find = (verdict: Finding["verdict"], text: string, place: At) => void;

/** Gaps of a run, sinks, and runs with something missing that are kept; the rest is counted. */
const most = 100;

interface Told {
  count: number;
  at: string;
}

/** What is missing of a run. */
interface Missing {
  gaps: (At & { text: string })[];
  leftOut: number;
  lines: number;
  told: Map<string, Told>;
  /** Whether somebody told a loss that no checkpoint signs. */
  hearsay: boolean;
  /** The line on which the next run follows; it is missing too if there is a cut. */
  head: string | undefined;
  /** Where the next run begins, and the last number before it. */
  cut: (At & { lastSeq: number }) | undefined;
}

interface ToldBefore {
  seq: number;
  sinks: Map<string, Told>;
}

function add(sums: Map<string, Told>, sink: string, count: number, at: string): void {
  const sum = sums.get(sink);
  if (sum !== undefined) sum.count += count;
  else if (sums.size < most) sums.set(sink, { count, at });
}

/** By sink. */
function lossesIn(detail: Line["detail"], at: string): Map<string, Told> {
  const sums = new Map<string, Told>();
  for (const [key, value] of Object.entries(detail)) {
    const sink = lossOfSink.exec(key)?.[1];
    const count = Number(value);
    if (sink !== undefined && count > 0) add(sums, sink, count, at);
  }
  return sums;
}

export class Losses {
  readonly #find: Find;
  readonly #leaveOut: (findings: number) => void;
  #gaps: Missing["gaps"] = [];
  #leftOut = 0;
  #missing = 0;
  #told = new Map<string, Told>();
  /** Told since the last good checkpoint or gap: anybody could have written it. */
  #hearsay = new Map<string, Told>();
  /** All that was told in this run, whoever wrote it. */
  #said = new Map<string, Told>();
  #hearsayBefore: { head: string; told: ToldBefore } | undefined;
  /** What next runs told of the one before, by its last line. */
  readonly #before = new Map<string, ToldBefore>();
  #owed: Missing[] = [];

  constructor(find: Find, leaveOut: (findings: number) => void) {
    this.#find = find;
    this.#leaveOut = leaveOut;
  }

  /** No signature behind it reaches what stands before it: only the sums of checkpoints tell of losses there. */
  gap(text: string, lines: number, place: At): void {
    this.#hearsay.clear();
    this.#hearsayBefore = undefined;
    this.#missing += lines;
    if (this.#gaps.length < most) this.#gaps.push({ ...place, text });
    else this.#leftOut++;
  }

  /** A line tells of losses. */
  hear({ detail }: Line, at: string): void {
    const sinks = lossesIn(detail, at);
    if (detail["run"] === "before") {
      const { head, seq } = detail;
      if (typeof head === "string" && typeof seq === "number") this.#hearsayBefore = { head, told: { seq, sinks } };
      return;
    }
    for (const [sink, { count }] of sinks) {
      add(this.#hearsay, sink, count, at);
      add(this.#said, sink, count, at);
    }
  }

  /** A checkpoint signs what was told before it, and how much each sink has lost in its run so far. */
  believe({ detail }: Line, at: string): void {
    for (const [sink, { count, at }] of this.#hearsay) add(this.#told, sink, count, at);
    for (const [sink, { count }] of lossesIn(detail, at)) {
      const more = count - (this.#told.get(sink)?.count ?? 0);
      if (more > 0) add(this.#told, sink, more, at);
    }
    this.#hearsay.clear();
    if (this.#hearsayBefore !== undefined && this.#before.size < most)
      this.#before.set(this.#hearsayBefore.head, this.#hearsayBefore.told);
    this.#hearsayBefore = undefined;
  }

  /** The line is missing, and a run before has begun on it already. */
  isMissed(head: string): boolean {
    return this.#owed.some((one) => one.cut !== undefined && one.head === head);
  }

  /** @param signed a checkpoint signs something of the run; where none does, no word is worth more than another
   *  @param head the line on which the next run follows; undefined at the end of the log
   *  @param cut set if that line is not here */
  endRun(signed: boolean, head?: string, cut?: Missing["cut"]): void {
    const missing: Missing = {
      ...{ gaps: this.#gaps, leftOut: this.#leftOut, lines: this.#missing, head, cut },
      told: signed ? this.#told : this.#said,
      hearsay: this.#said.size > 0,
    };
    this.#gaps = [];
    this.#leftOut = 0;
    this.#missing = 0;
    this.#told = new Map();
    this.#said = new Map();
    this.#hearsay.clear();
    this.#hearsayBefore = undefined;
    if (missing.lines === 0 && cut === undefined) return;
    // The next run may tell more of it.
    if (head !== undefined && this.#owed.length < most) this.#owed.push(missing);
    else this.#judge(missing);
  }

  end(): void {
    for (const missing of this.#owed.splice(0)) this.#judge(missing);
  }

  #judge({ gaps, leftOut, lines, told, hearsay, head, cut }: Missing): void {
    const before = head === undefined ? undefined : this.#before.get(head);
    for (const [sink, { count, at }] of before?.sinks ?? []) add(told, sink, count, at);
    // If the last number is not below the one that is told, it is of another run, and all of the told one is missing.
    const behind = cut === undefined ? 0 : before === undefined ? Number.POSITIVE_INFINITY : before.seq;
    const needed = lines + (cut !== undefined && cut.lastSeq < behind ? behind - cut.lastSeq : behind);
    const [sink, most] = [...told].sort(([, one], [, other]) => other.count - one.count)[0] ?? [];
    const explained = most !== undefined && most.count >= needed;
    const by = explained ? `a loss at ${sink} that the agent told at ${most.at}` : "";
    for (const gap of gaps) {
      if (explained) this.#find("incomplete", `${gap.text}: ${by}`, gap);
      else {
        const untold = hearsay ? "no loss was told that a checkpoint signs" : "no loss was told";
        this.#find("altered", `${gap.text}, and ${untold}: taken out, or left out by the filter of a sink`, gap);
      }
    }
    this.#leaveOut(leftOut);
    if (cut === undefined) return;
    if (explained)
      this.#find("incomplete", `the end of the run before, up to its number ${behind}, is missing: ${by}`, cut);
    else this.#find("altered", "a run whose forerunner is not here: lines or a whole run before it are missing", cut);
  }
}
