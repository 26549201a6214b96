// SPDX-License-Identifier: Apache-2.0
// Who is protected, on top of what the kernel knows.
import { dirname, join } from "node:path";
import { type Kernel, maxCgroups, type Native, Role, scopeLimit, shareSlots } from "../kernel/index.js";
import { Groups, type Hardening, lookAround, Scope } from "../scope/index.js";

/** The kernel's type of handles of cgroupfs (FILEID_KERNFS): the id itself. */
const handleType = 0xfe;

function openCgroup(native: Native, root: string, id: bigint): number {
  const handle = Buffer.alloc(8);
  handle.writeBigUInt64LE(id);
  return native.openByHandle(root, handleType, handle);
}

/** Names are kept beside the control socket. */
export const openGroups = (socket: string): Groups => new Groups(join(dirname(socket), "workloads.json"), shareSlots);

/** What an operator should know of them. */
export const nameWarnings = ({ problem }: Pick<Groups, "problem">): string[] =>
  problem === "" ? [] : [`names of workloads cannot be kept (${problem}): the next agent would call them by number`];

export function openScope(kernel: Kernel, groups: Groups, hardening: Hardening, native: Native): Scope {
  return new Scope({
    kernel,
    groups,
    roles: { protected: Role.protected, canary: Role.canary },
    hold: (pid) => native.openPidfd(pid),
    limit: scopeLimit,
    cgroupLimit: maxCgroups,
    openCgroup: (root, id) => openCgroup(native, root, id),
    hardening,
    lookAround: (workloads) => lookAround(workloads, process.pid),
  });
}
