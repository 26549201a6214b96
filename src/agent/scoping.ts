// SPDX-License-Identifier: Apache-2.0
// Who is protected, on top of what the kernel knows.
import { type Kernel, maxCgroups, type Native, Role, scopeLimit } from "../kernel/index.js";
import { type Groups, type Hardening, lookAround, Scope } from "../scope/index.js";

export function openScope(kernel: Kernel, groups: Groups, hardening: Hardening, native: Native): Scope {
  return new Scope({
    kernel,
    groups,
    roles: { protected: Role.protected, canary: Role.canary },
    hold: (pid) => native.openPidfd(pid),
    limit: scopeLimit,
    cgroupLimit: maxCgroups,
    hardening,
    lookAround: (pids) => lookAround(pids, process.pid),
  });
}
