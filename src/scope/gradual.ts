// SPDX-License-Identifier: Apache-2.0
// The processes of workloads, and hardening many of them a few at a time: thousands take seconds, for which neither events
// nor further pods wait. They are protected meanwhile.
import { setImmediate as turn } from "node:timers/promises";
import type { Hardening } from "./hardening.js";
import type { ScopeRecord } from "./kernel.js";

/** In one go: some tens of milliseconds. Of very many more, since each go lists all of them. */
const atOnce = (all: number): number => Math.max(200, Math.ceil(all / 16));

export function membersOf(all: readonly ScopeRecord[], groups: Iterable<number>): Map<number, ScopeRecord[]> {
  const members = new Map<number, ScopeRecord[]>([...groups].map((group) => [group, []]));
  for (const record of all) members.get(record.who.group)?.push(record);
  return members;
}

/** Groups whose turn comes: one row of turns for each, however often and for however many it is asked. */
const waiting = new WeakMap<object, Set<number>>();

/**
 * The first at once. Who is protected is asked for anew each time: what ended meanwhile, or is no longer protected, is
 * left alone.
 */
export function hardenGradually(
  hardening: Pick<Hardening, "harden">,
  records: () => readonly ScopeRecord[],
  groups: Iterable<number>,
  all = records(),
): void {
  const wanted = new Set(groups);
  if (hardening.harden([...membersOf(all, wanted).values()], all, atOnce(all.length))) return;
  const others = waiting.get(hardening);
  if (others !== undefined) {
    for (const group of wanted) others.add(group);
    return;
  }
  waiting.set(hardening, wanted);
  setImmediate(() => {
    waiting.delete(hardening);
    try {
      hardenGradually(hardening, records, wanted);
    } catch {
      // The agent is stopping, and its kernel room is closed.
    }
  }).unref();
}

/** Of waiting: a workload that forks faster than it is hardened is hardened aside then. */
const maxTurns = 64;

/** All of one workload, for who waits for it. Returns its members as they were at the last look. */
export async function hardenInTurns(
  hardening: Pick<Hardening, "harden">,
  records: () => readonly ScopeRecord[],
  group: number,
): Promise<ScopeRecord[]> {
  for (let turns = 1; ; turns++) {
    const all = records();
    const members = membersOf(all, [group]).get(group) ?? [];
    if (hardening.harden([members], all, atOnce(all.length))) return members;
    await turn();
    if (turns < maxTurns) continue;
    hardenGradually(hardening, records, [group]);
    return members;
  }
}

/** A fork takes microseconds; these are far more, also on a loaded node. */
const secondLooksMs = [50, 500];

export function lookTwice(look: () => void): void {
  const dare = (): void => {
    try {
      look();
    } catch {
      // The agent is stopping, and its kernel room is closed.
    }
  };
  for (const delay of secondLooksMs) setTimeout(dare, delay).unref();
}
