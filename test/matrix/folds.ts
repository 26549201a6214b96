// SPDX-License-Identifier: Apache-2.0
// Many attempts of one process on one target make few events, whose counts add up to what was made.
import { expect, test } from "vitest";
import type { Attack, SeenEvent } from "./field.js";
import type { Suite } from "./suite.js";

const repeats = 20_000;

export function foldTests(suite: Suite, eventsOf: (events: SeenEvent[], attack: Attack) => SeenEvent[]): void {
  test("a repeated attempt folds: exact totals, few events, no other event lost", async () => {
    const flood = suite.field.sh(
      `python3 -c "
import os
n = 0
for i in range(${repeats}):
    try: open('/proc/${suite.victim.pid}/environ')
    except PermissionError: n += 1
print(os.getpid(), n)"`,
      300,
    );
    const other = await suite.field.attack("ptrace_attach", suite.firstRoad("ptrace_attach"), suite.victim);
    const [pid, refused] = (await flood).stdout.trim().split(" ").map(Number);
    expect(refused).toBe(repeats);
    const ofFlood = (events: SeenEvent[]): SeenEvent[] => events.filter((event) => event.offender.pid === pid);
    const total = (events: SeenEvent[]): number => ofFlood(events).reduce((sum, event) => sum + event.count, 0);
    const events = await suite.field.events((seen) => total(seen) >= repeats);
    expect(total(events)).toBe(repeats);
    expect(ofFlood(events).length).toBeLessThan(200);
    expect(eventsOf(events, other)).toMatchObject([{ vector: "ptrace_attach", outcome: "denied", count: 1 }]);
  }, 400_000);
}
