// SPDX-License-Identifier: Apache-2.0
// What the log says when the doors wake or fall asleep.
import type { Log } from "../log/index.js";

export function sayIdling(log: Log, awake: boolean, error: unknown): void {
  if (error !== undefined) log.error("the doors could not be taken off and stand on", { error });
  else if (awake) log.info("all doors are attached");
  else log.info("nothing is protected: the doors that every program passes are off until something is");
}
