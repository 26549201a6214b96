// SPDX-License-Identifier: Apache-2.0
// The kernel room: what other rooms may import.
export {
  Door,
  type Event,
  EventFlag,
  LeakEncoding,
  LeakPlace,
  LeakReason,
  LeakSink,
  Loss,
  Outcome,
  type RepeatKey,
  Role,
  Vector,
} from "./abi.gen.js";
export { type RememberedAuthority, rememberedAuthority } from "./authority.js";
export { type GuardedCgroup, maxCgroups } from "./cgroups.js";
export { type DoorName, type DoorStatus, doorNames, doors, type Form, mayBeAbsent } from "./doors.js";
export { maxSinks } from "./egress.js";
export type { Kernel } from "./kernel.js";
export { loadNative } from "./load-native.js";
export type { Native } from "./native.js";
export { openKernel } from "./open.js";
export { canaryPath, packageVersion, scopeLimit, triggersPath } from "./paths.js";
export { Pins } from "./pins.js";
export {
  type AllowEntry,
  type GroupRules,
  maxAllowed,
  maxGroupPolicies,
  type PolicySet,
  type VectorRule,
} from "./policy.js";
export { enableFtrace, type KernelFacts, readKernelFacts } from "./probe.js";
export { readLockdown } from "./restraints.js";
export type { LeakLimits } from "./secret-table.js";
export { shareSlots } from "./shares.js";
