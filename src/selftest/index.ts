// SPDX-License-Identifier: Apache-2.0
// The selftest room: what other rooms may import.

export { keepEvidence } from "./evidence.js";
export { defaultLock, takeLock } from "./lock.js";
export { outcomeWords, type SelftestOutcome, selftestOutcomes, worstOf } from "./outcome.js";
export {
  type Attacker,
  type RoadResult,
  reportOf,
  type SelftestResult,
  selftestWorkload,
  type VectorResult,
} from "./result.js";
export { runSelftest, type SelftestOptions } from "./run.js";
