// SPDX-License-Identifier: Apache-2.0
// The kubernetes room: what other rooms may import.

export type { PodRules } from "./annotations.js";
export type { PodWish } from "./asking.js";
export type { PodGuard } from "./guard.js";
export { rememberedRules } from "./guarded.js";
export { fileMemory } from "./memory.js";
export { KubernetesSource, type SourceReport } from "./source.js";
export type { PodFacts } from "./store.js";
export type { PodNotice } from "./telling.js";
