// SPDX-License-Identifier: Apache-2.0
// What the log says when the doors wake or fall asleep, and what keeps them awake although nothing is protected.
import type { Log } from "../log/index.js";
import { holdersOf } from "../scope/index.js";

export function sayIdling(log: Log, awake: boolean, error: unknown): void {
  if (error !== undefined) log.error("the doors could not be taken off and stand on", { error });
  else if (awake) log.info("all doors are attached");
  else log.info("nothing is protected: the doors that every program passes are off until something is");
}

/** Descriptors of the agent's memory from before its guards stood meet their only guard at a door that sleeps. */
export async function whyAwake(): Promise<string | undefined> {
  const [first, ...more] = await holdersOf(process.pid);
  if (first === undefined) return undefined;
  const others = more.length > 0 ? ` and ${more.length} more` : "";
  return `process ${first}${others} has the agent's memory open, from before its guards stood`;
}
