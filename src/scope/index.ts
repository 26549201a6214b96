// SPDX-License-Identifier: Apache-2.0
// The scope room: what other rooms may import.
export { Groups } from "./groups.js";
export { type ProtectResult, Scope, type ScopeKernel, type ScopeRecord, type Target } from "./scope.js";
export { checkProcess } from "./targets.js";
