// SPDX-License-Identifier: Apache-2.0
// Soundness tried: many processes on two processors make the same attack in a loop. Where the agent says "sound" not one
// may get through, and the kernel counts each as refused; where it says "may be skipped", the kernel's count of misses must
// cover what did.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isWhole } from "./extent.js";
import type { Field, Person } from "./field.js";
import { triggerDir } from "./field.js";
import type { Suite } from "./suite.js";

export interface Race {
  attempts: number;
  /** First step not refused. */
  passed: number;
  /** Data in hand at the end. */
  got: number;
  /** Ended with an errno that no guard gives. */
  odd: number;
}

/** Road of test/triggers/race.c, the vector that it is, and the door at which it must be refused first. */
export const roads = [
  { road: "environ", vector: "environ_read", door: "file_open" },
  { road: "process_vm", vector: "process_vm_read", door: "ptrace_access_check" },
  { road: "ptrace", vector: "ptrace_seize", door: "ptrace_access_check" },
] as const;

/** More processes than processors, so that one is put aside while a guard runs for it. */
const processes = 8;

export async function race(field: Field, road: string, on: Person, attempts = 2500): Promise<Race> {
  const command = [`${triggerDir}/race`, road, `${on.pid}`, on.address, `${processes}`, `${attempts}`];
  const { status, stdout, stderr } = await field.guest.run(command, { timeoutSeconds: 400 });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const result = JSON.parse(stdout) as Race;
  expect(result.attempts).toBe(processes * attempts);
  return result;
}

export interface Standing {
  preemption: string;
  warnings: string[];
  doors: { door: string; soundness: string; proved: boolean; recursionMisses: string }[];
}

export async function standing(field: Field): Promise<Standing> {
  return JSON.parse((await field.control("GET", "/v1/status")).stdout) as Standing;
}

export async function soundnessOf(field: Field): Promise<Map<string, string>> {
  const reports = JSON.parse((await field.control("GET", "/v1/vectors")).stdout) as {
    vector: string;
    soundness: string;
  }[];
  return new Map(reports.map(({ vector, soundness }) => [vector, soundness]));
}

const outcomes = ["observed", "denied", "killed", "allowed"] as const;

/** What the kernel's own counters of this vector rise by meanwhile. */
async function countedIn(
  field: Field,
  vector: string,
  run: () => Promise<Race>,
): Promise<[Race, Record<string, number>]> {
  const before = await field.counts();
  const result = await run();
  const after = await field.counts();
  const rise = (key: string): number => (after.get(key) ?? 0) - (before.get(key) ?? 0);
  return [result, Object.fromEntries(outcomes.map((outcome) => [outcome, rise(`${vector} ${outcome}`)]))];
}

/** Each attempt refused, none counted twice or not at all. */
const allDenied = ({ attempts }: Race): Record<string, number> => ({
  observed: 0,
  denied: attempts,
  killed: 0,
  allowed: 0,
});

export const missesAt = (status: Standing, door: string): number =>
  Number(status.doors.find((one) => one.door === door)?.recursionMisses ?? Number.NaN);

/** Figures for people: build/soundness/NAME.json. */
export function keepFigures(name: string, figures: unknown): void {
  const directory = join(process.cwd(), "build", "soundness");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
}

export function soundnessTests(suite: Suite, name: string): void {
  // 7.2 is the one that preempts by default; the other takes as long and differs little.
  if (name === "7.2" || (isWhole && name === "6.12")) fullPreemptionTest(suite, name);

  test("a race of many attackers gets through nowhere that the agent calls sound", async () => {
    const said = await soundnessOf(suite.field);
    const figures: Record<string, unknown> = {};
    for (const { road, vector, door } of roads) {
      // The race itself works: unprotected, it succeeds.
      const open = await race(suite.field, road, suite.neighbour, 20);
      expect(open.got, `${road} on the neighbour`).toBeGreaterThan(0);
      const before = missesAt(await standing(suite.field), door);
      const [result, counted] = await countedIn(suite.field, vector, () => race(suite.field, road, suite.victim));
      const missed = missesAt(await standing(suite.field), door) - before;
      figures[road] = { ...result, missed, counted, soundness: said.get(vector) };
      expect(result.odd, `${road}: neither refused nor through`).toBe(0);
      if (said.get(vector) === "sound") {
        expect({ road, ...result, missed }).toMatchObject({ passed: 0, missed: 0 });
        expect({ road, ...counted }).toEqual({ road, ...allDenied(result) });
      } else expect(missed, `${road}: misses cover what got through`).toBeGreaterThanOrEqual(result.passed);
    }
    keepFigures(name, figures);
    // The roads of this kernel are in their default state: every one of them claims to be sound.
    expect(new Set(roads.map(({ vector }) => said.get(vector)))).toEqual(new Set(["sound"]));
    await suite.field.forgetEvents();
  }, 600_000);
}

/** The programs of the LSM form run where the kernel calls them, however often a task is put aside meanwhile. */
function fullPreemptionTest(suite: Suite, name: string): void {
  const preempt = "/sys/kernel/debug/sched/preempt";

  test("a race gets through nowhere either while the kernel preempts fully", async () => {
    const often = { mode: "enforce", canary: { interval: 2 } };
    // Refused to anybody otherwise.
    await suite.field.reconfigure({ ...often, vectors: { hooks_off: { mode: "detect" } } });
    const before = /\((\w+)\)/.exec((await suite.field.sh(`cat ${preempt}`)).stdout)?.[1] ?? "";
    expect(before).toMatch(/^(voluntary|lazy|none)$/);
    expect(await suite.field.sh(`echo full > ${preempt}`)).toMatchObject({ status: 0 });
    const mode = async (): Promise<string> => (await standing(suite.field)).preemption;
    await expect.poll(mode, { timeout: 120_000, interval: 500 }).toBe("full");
    const figures: Record<string, unknown> = {};
    for (const { road, vector, door } of roads) {
      expect((await soundnessOf(suite.field)).get(vector)).toBe("sound");
      const missesBefore = missesAt(await standing(suite.field), door);
      const [result, counted] = await countedIn(suite.field, vector, () => race(suite.field, road, suite.victim));
      const missed = missesAt(await standing(suite.field), door) - missesBefore;
      figures[road] = { ...result, missed, counted };
      expect({ road, ...result, missed }).toMatchObject({ passed: 0, got: 0, odd: 0, missed: 0 });
      expect({ road, ...counted }).toEqual({ road, ...allDenied(result) });
    }
    keepFigures(`${name}-full`, figures);
    expect(await suite.field.sh(`echo ${before} > ${preempt}`)).toMatchObject({ status: 0 });
    await expect.poll(mode, { timeout: 120_000, interval: 500 }).toBe(before);
    await suite.field.reconfigure(often);
    await suite.field.forgetEvents();
  }, 600_000);
}
