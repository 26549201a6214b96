// SPDX-License-Identifier: Apache-2.0
// The scope room: what other rooms may import.
export { Groups } from "./groups.js";
export {
  Hardening,
  type HardeningKind,
  type HardeningOutcome,
  type HardeningState,
  hardeningKinds,
  hardeningOutcomes,
} from "./hardening.js";
export { holdersOf } from "./holders.js";
export { type ProtectResult, Scope, type ScopeKernel, type ScopeRecord, type Target } from "./scope.js";
export { lookAround } from "./surroundings.js";
export { checkProcess } from "./targets.js";
