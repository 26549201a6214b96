// SPDX-License-Identifier: Apache-2.0
// What this room needs of the kernel; Kernel has it.
import type { CgroupKernel } from "./cgroups.js";

export interface ScopeKernel {
  add(addition: { tgid: number; group: number; role: number; follow: boolean; recall?: boolean }): {
    records: ScopeRecord[];
    added: number;
    full: boolean;
  };
  remove(which: { tgid: number; group: number }): ScopeRecord[];
  list(): ScopeRecord[];
  /** The same, of which none is made before he is asked for: for who does not take all in one turn of the event loop. */
  each(): Iterable<ScopeRecord>;
  readonly cgroups: CgroupKernel;
  /** Runs `action` while the doors are attached and proved; "whole" throws instead if one of them is not. */
  guarding<T>(action: () => T | Promise<T>, how: "whole" | "partial"): Promise<T>;
}

export interface ScopeRecord {
  who: { tgid: number; group: number; uid: number; comm: string; startBoottimeNs: bigint };
  role: number;
  tracer: number;
}

export interface ScopeRoles {
  protected: number;
  canary: number;
}

/** A process identity that cannot change hands while it is held. */
export interface HeldProcess {
  alive(): boolean;
  close(): void;
}
