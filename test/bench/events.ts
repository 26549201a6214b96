// SPDX-License-Identifier: Apache-2.0
// make bench-events: what the stream of events takes, natively, in one process, against goals and committed figures.
// Options: --update commits what was measured; --events COUNT for the run that memory is watched over (1,000,000).
// Fails when a figure is worse than the committed one by more than the noise of a machine with other work to do.

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { hashLine } from "../../src/evidence/index.js";
import {
  delayMs,
  longestBatchMs,
  memoryOver,
  middleOf,
  replayPerSecond,
  stringifyPerSecond,
  toFile,
} from "./event-measure.js";

const file = "test/bench/events.json";
/** Runs of each, of which the best counts; one after the other, so that both meet the same machine. */
const pairs = 5;
const perRun = 100_000;
/** What a figure may be worse than the committed one. */
const noise = 0.35;
const MiB = 1024 * 1024;

interface Figures {
  toFilePerSecond: number;
  stringifyPerSecond: number;
  /** Of the two runs of a pair; the middle one. */
  ratio: number;
  hashesPerSecond: number;
  longestBlockMs: number;
  /** From time stamp to file, p99 at 1,000 events/s. */
  delayMs: number;
  replayPerSecond: number;
  bytesPerEvent: number;
  residentEarly: number;
  residentLate: number;
  residentMost: number;
  memoryEvents: number;
}

const goals = { toFilePerSecond: 150_000, longestBlockMs: 20, delayMs: 50, replayPerSecond: 50_000 } as const;

function hashesPerSecond(bytes: number): number {
  const line = "x".repeat(Math.round(bytes));
  const begin = process.cpuUsage();
  for (let done = 0; done < perRun; done++) hashLine(line);
  const { user, system } = process.cpuUsage(begin);
  return (perRun * 1e6) / (user + system);
}

async function measure(memoryEvents: number): Promise<Figures> {
  const best = { toFilePerSecond: 0, stringifyPerSecond: 0, replayPerSecond: 0, hashesPerSecond: 0 };
  const ratios: number[] = [];
  let longestBlockMs = Number.POSITIVE_INFINITY;
  let delay = Number.POSITIVE_INFINITY;
  let bytesPerEvent = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const stringify = stringifyPerSecond(perRun);
    const run = await toFile(perRun);
    bytesPerEvent = run.bytesPerEvent;
    best.stringifyPerSecond = Math.max(best.stringifyPerSecond, stringify);
    best.toFilePerSecond = Math.max(best.toFilePerSecond, run.perSecond);
    ratios.push(run.perSecond / stringify);
    delay = Math.min(delay, await delayMs(1000, 3, 0.99));
    longestBlockMs = Math.min(longestBlockMs, await longestBatchMs(perRun / 5));
    best.hashesPerSecond = Math.max(best.hashesPerSecond, hashesPerSecond(bytesPerEvent));
    best.replayPerSecond = Math.max(best.replayPerSecond, await replayPerSecond(perRun / 2));
  }
  const ratio = middleOf(ratios);
  const { early, late, most } = await memoryOver(memoryEvents);
  return {
    ...best,
    ratio,
    longestBlockMs,
    delayMs: delay,
    bytesPerEvent,
    residentEarly: early,
    residentLate: late,
    residentMost: most,
    memoryEvents,
  };
}

const count = (value: number): string => Math.round(value).toLocaleString("en-US");
const share = (value: number): string => value.toFixed(2);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const mib = (value: number): string => `${(value / MiB).toFixed(1)} MiB`;

function text(now: Figures, before: Figures): string {
  const rows: [string, string, string, string][] = [
    ["", "measured", "committed", "goal"],
    ["record to file, events/s", count(now.toFilePerSecond), count(before.toFilePerSecond), count(150_000)],
    ["JSON.stringify alone, events/s", count(now.stringifyPerSecond), count(before.stringifyPerSecond), ""],
    ["record to file / JSON.stringify", share(now.ratio), share(before.ratio), ""],
    ["hashes of such lines, 1/s", count(now.hashesPerSecond), count(before.hashesPerSecond), ""],
    ["bytes of a line", count(now.bytesPerEvent), count(before.bytesPerEvent), ""],
    ["longest batch", ms(now.longestBlockMs), ms(before.longestBlockMs), ms(goals.longestBlockMs)],
    ["p99 to the file at 1,000 events/s", ms(now.delayMs), ms(before.delayMs), ms(goals.delayMs)],
    ["spool replay, events/s", count(now.replayPerSecond), count(before.replayPerSecond), count(50_000)],
    ["resident in the second tenth", mib(now.residentEarly), mib(before.residentEarly), ""],
    [`in the last of ${count(now.memoryEvents)}`, mib(now.residentLate), mib(before.residentLate), "the same"],
    ["the most of it", mib(now.residentMost), mib(before.residentMost), ""],
  ];
  return rows
    .map(([name, ...cells]) => `${name.padEnd(34)}${cells.map((cell) => cell.padStart(14)).join("")}\n`)
    .join("");
}

/** Speeds are compared as shares of what JSON.stringify does on the machine: another machine has other figures. */
function worse(now: Figures, before: Figures): string[] {
  const speed = (figures: Figures): number => figures.replayPerSecond / figures.stringifyPerSecond;
  return [
    ...(now.ratio < before.ratio * (1 - noise) ? ["record to file"] : []),
    ...(speed(now) < speed(before) * (1 - noise) ? ["spool replay"] : []),
    ...(now.residentLate > now.residentEarly * 1.15 + 8 * MiB ? ["memory grows"] : []),
  ];
}

function missed(now: Figures): string[] {
  return [
    ...(now.toFilePerSecond < goals.toFilePerSecond ? ["record to file"] : []),
    ...(now.longestBlockMs > goals.longestBlockMs ? ["longest batch"] : []),
    ...(now.delayMs > goals.delayMs ? ["p99 to the file"] : []),
    ...(now.replayPerSecond < goals.replayPerSecond ? ["spool replay"] : []),
  ];
}

const { values } = parseArgs({ options: { update: { type: "boolean" }, events: { type: "string" } } });
const memoryEvents = Number(values.events ?? 1_000_000);
if (!Number.isSafeInteger(memoryEvents) || memoryEvents < 10_000)
  throw new Error(`--events ${values.events}: a number of at least 10000 is wanted`);
const { $comment, ...known } = JSON.parse(readFileSync(file, "utf8")) as Figures & { $comment: string };
const now = await measure(memoryEvents);
process.stdout.write(text(now, known));
for (const goal of missed(now)) process.stdout.write(`the goal is missed on this machine: ${goal}\n`);
if (values.update) writeFileSync(file, `${JSON.stringify({ $comment, ...now }, null, 2)}\n`);
const faults = worse(now, known);
for (const fault of faults) process.stdout.write(`worse than committed: ${fault}\n`);
process.exitCode = faults.length > 0 && !values.update ? 1 : 0;
