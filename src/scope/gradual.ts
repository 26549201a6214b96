// SPDX-License-Identifier: Apache-2.0
// The processes of workloads, and hardening many of them a few at a time: thousands take seconds, for which neither events
// nor further pods wait. They are protected meanwhile.
import type { Hardening } from "./hardening.js";
import type { ScopeRecord } from "./kernel.js";

/** In one go: some tens of milliseconds. Of very many more, since each go lists all of them. */
const atOnce = (all: number): number => Math.max(200, Math.ceil(all / 16));

export function membersOf(all: readonly ScopeRecord[], groups: Iterable<number>): Map<number, ScopeRecord[]> {
  const members = new Map<number, ScopeRecord[]>([...groups].map((group) => [group, []]));
  for (const record of all) members.get(record.who.group)?.push(record);
  return members;
}

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
  if (hardening.harden([...membersOf(all, groups).values()], all, atOnce(all.length))) return;
  setImmediate(() => {
    try {
      hardenGradually(hardening, records, groups);
    } catch {
      // The agent is stopping, and its kernel room is closed.
    }
  }).unref();
}
