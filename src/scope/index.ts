// SPDX-License-Identifier: Apache-2.0
// The scope room: what other rooms may import.
export { type CgroupKernel, Cgroups, type ProtectedCgroup } from "./cgroups.js";
export { Groups } from "./groups.js";
export {
  Hardening,
  type HardeningKind,
  type HardeningOutcome,
  type HardeningState,
  hardeningKinds,
  hardeningOutcomes,
} from "./hardening.js";
export { Hierarchy, type OpenById } from "./hierarchy.js";
export { holdersOf } from "./holders.js";
export type { ScopeKernel, ScopeRecord } from "./kernel.js";
export { oneAtATime } from "./one-at-a-time.js";
export type { ProtectResult, RegisteredCgroup, Target } from "./options.js";
export { Scope } from "./scope.js";
export { lookAround } from "./surroundings.js";
export { checkProcess, nameOf } from "./targets.js";
