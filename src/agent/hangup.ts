// SPDX-License-Identifier: Apache-2.0
// SIGHUP: who rotates logs sends it once, also to an agent that is starting, and removes the old file then.

import type { Agent } from "./agent.js";

/** @param started what is read during the start is new anyway */
export function hangUp(agent: Pick<Agent, "reopenSinks" | "reload">, started: boolean): void {
  agent.reopenSinks();
  // The refusal is logged where it happens; a signal has nobody to answer to.
  if (started) agent.reload().catch(() => {});
}
