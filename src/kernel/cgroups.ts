// SPDX-License-Identifier: Apache-2.0
// Control groups whose members are protected, in the kernel's table. The doors look into it only while the flag beside it
// is set: it goes up before the first entry comes and down after the last one is gone.
import { decodeCgroup, encodeCgroup } from "./abi.gen.js";
import type { Census } from "./census.js";
import { isNativeError } from "./load.js";
import type { BpfMap } from "./native.js";

/** Entries of the table: CT_CGROUPS_MAX. */
export const maxCgroups = 8192;

export interface GuardedCgroup {
  /** In the unified hierarchy; the inode number of its directory. */
  id: bigint;
  group: number;
}

const zero = Buffer.alloc(4);

export class CgroupTable {
  readonly #cgroups: BpfMap;
  readonly #any: BpfMap;
  readonly #census: Census;

  constructor(cgroups: BpfMap, any: BpfMap, census: Census) {
    this.#cgroups = cgroups;
    this.#any = any;
    this.#census = census;
  }

  /** From now on who enters it is protected. false: the table is full, and nothing was changed. */
  add({ id, group }: GuardedCgroup): boolean {
    this.#flag(1);
    try {
      this.#cgroups.update(keyOf(id), encodeCgroup({ group }));
      return true;
    } catch (error) {
      this.#flagDownIfEmpty();
      if (isNativeError(error) && error.code === "E2BIG") return false;
      throw error;
    }
  }

  /** Whoever is protected stays so. Many at once, since each call looks whether the table is empty. */
  remove(ids: readonly bigint[]): void {
    for (const id of ids) this.#cgroups.delete(keyOf(id));
    if (ids.length > 0) this.#flagDownIfEmpty();
  }

  /** Puts in scope who is in one of them: see Census. */
  enter(trusted?: bigint, recall?: number): { entered: number; full: boolean } {
    return this.#census.enter(trusted, recall);
  }

  /** The workload of one; undefined if it is not in the table. */
  groupOf(id: bigint): number | undefined {
    const value = this.#cgroups.lookup(keyOf(id));
    return value && decodeCgroup(value).group;
  }

  list(): GuardedCgroup[] {
    return this.#cgroups.keys().flatMap((key) => {
      const value = this.#cgroups.lookup(key);
      return value === undefined ? [] : [{ id: key.readBigUInt64LE(), group: decodeCgroup(value).group }];
    });
  }

  /** Whether there may be one, at the price of one look-up. */
  get any(): boolean {
    return this.#any.lookup(zero)?.readUInt32LE() !== 0;
  }

  #flag(value: number): void {
    const flag = Buffer.alloc(4);
    flag.writeUInt32LE(value);
    this.#any.update(zero, flag);
  }

  #flagDownIfEmpty(): void {
    if (this.#cgroups.keys().length === 0) this.#flag(0);
  }
}

function keyOf(id: bigint): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64LE(id);
  return key;
}
