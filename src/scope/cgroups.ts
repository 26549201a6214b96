// SPDX-License-Identifier: Apache-2.0
// Control groups whose members are protected. The kernel's table is the truth, and outlives the agent: who enters one of
// them, or one below it, is in scope before it runs there. This room fills it, names it, and takes out what is gone.
import { CloudtaserError } from "../errors/index.js";
import type { Groups } from "./groups.js";
import { Hierarchy, type OpenById } from "./hierarchy.js";
import { cgroupOf } from "./swap.js";

/** What this room needs of the kernel; CgroupTable has it. */
export interface CgroupKernel {
  /** false: no room. */
  add(entry: { id: bigint; group: number }): boolean;
  remove(ids: readonly bigint[]): void;
  list(): { id: bigint; group: number }[];
  /** Its number; undefined: it is not in the table. */
  groupOf(id: bigint): number | undefined;
  /**
   * Puts in scope who is in one of them; trusted: the one whose members trust each other; recall: the workload of which
   * those come too whom a person has taken out by number.
   */
  enter(trusted?: bigint, recall?: number): { entered: number; full: boolean };
}

export interface ProtectedCgroup {
  id: bigint;
  /** Inside the hierarchy; null if it is gone, or cannot be seen because something is mounted over it. */
  path: string | null;
  workload: string;
}

export interface CgroupOptions {
  kernel: () => CgroupKernel;
  groups: Groups;
  /** Entries that the kernel's table takes. */
  limit: number;
  openById: OpenById;
  /** That of this node if left out. */
  hierarchy?: Hierarchy | undefined;
}

export class Cgroups {
  readonly #options: CgroupOptions;
  readonly #paths = new Map<bigint, string>();
  #hierarchy: Hierarchy | undefined;

  constructor(options: CgroupOptions) {
    this.#options = options;
    this.#hierarchy = options.hierarchy;
  }

  get hierarchy(): Hierarchy {
    this.#hierarchy ??= new Hierarchy(this.#options.openById);
    return this.#hierarchy;
  }

  /** Path inside the hierarchy. Throws unless it is a group that may be protected. */
  check(path: string): string {
    const inside = this.hierarchy.insideOf(path);
    if (this.hierarchy.find(inside) === undefined) throw new CloudtaserError("CGROUP_MISSING", { target: path });
    if (inside === "/" || `${cgroupIfAny(process.pid)}/`.startsWith(`${inside}/`)) {
      throw new CloudtaserError("CGROUP_HOLDS_AGENT", { target: path });
    }
    return inside;
  }

  /**
   * Writes it into the table; enter() then takes in who is there. Returns its id, whether it is new there, and the
   * workload that it belonged to before and still does, if that is another.
   */
  add(path: string, group: number): { id: bigint; fresh: boolean; before: string | undefined } {
    const inside = this.check(path);
    const id = this.hierarchy.find(inside);
    if (id === undefined) throw new CloudtaserError("CGROUP_MISSING", { target: path });
    const { groups, limit } = this.#options;
    const known = this.#kernel.groupOf(id);
    if (known === undefined && !this.#kernel.add({ id, group })) {
      throw new CloudtaserError("CGROUPS_FULL", { target: path, fields: { limit } });
    }
    this.#paths.set(id, inside);
    const before = known === undefined || known === group ? undefined : groups.nameOf(known);
    return { id, fresh: known === undefined, before };
  }

  enter(trusted?: bigint, recall?: number): { entered: number; full: boolean } {
    return this.#kernel.enter(trusted, recall);
  }

  /** Who comes after this is not protected; who is protected stays so. */
  remove(ids: readonly bigint[]): void {
    this.#kernel.remove(ids);
    for (const id of ids) this.#paths.delete(id);
  }

  removeGroup(group: number): void {
    this.remove(this.#kernel.list().flatMap((entry) => (entry.group === group ? [entry.id] : [])));
  }

  /** Whether the group that is at that path now is in the table: one that was there before is not meant. */
  has(inside: string): boolean {
    const id = this.hierarchy.find(inside);
    return id !== undefined && this.#kernel.groupOf(id) !== undefined;
  }

  /** Group numbers that are in use. */
  groupNumbers(): Set<number> {
    return new Set(this.#kernel.list().map(({ group }) => group));
  }

  list(): ProtectedCgroup[] {
    return [...this.each()];
  }

  /** Those that the table holds now, each looked for only when it is asked for. */
  *each(): Generator<ProtectedCgroup, void, void> {
    for (const { id, group } of this.#kernel.list()) {
      this.#lookAt(id);
      yield { id, path: this.#paths.get(id) ?? null, workload: this.#options.groups.nameOf(group) };
    }
  }

  /**
   * Takes those out of the table that are gone, by the kernel's own word: their ids come never again. In doubt one stays,
   * which at worst matches nobody.
   */
  forgetGone(): void {
    this.remove(this.#kernel.list().flatMap(({ id }) => (this.#lookAt(id) === "gone" ? [id] : [])));
  }

  /** Why a process that was taken out will be protected again; [] if it will not. */
  takesBack(pid: number): string[] {
    const inside = `${cgroupIfAny(pid)}/`;
    const above = this.list().find(({ path }) => path !== null && inside.startsWith(`${path}/`));
    if (above === undefined) return [];
    const { path, workload } = above;
    const still =
      "what it starts there is protected from its exec or the next look on, and it itself after its next exec";
    return [`process ${pid} is in control group ${path}: ${still}; to end that too, unprotect workload ${workload}`];
  }

  get #kernel(): CgroupKernel {
    return this.#options.kernel();
  }

  /** Asks the kernel only for those that are not where they were last seen. */
  #lookAt(id: bigint): string | undefined {
    const known = this.#paths.get(id);
    if (known !== undefined && this.hierarchy.find(known) === id) return known;
    const place = this.hierarchy.placeOf(id);
    if (place === undefined || place === "gone") this.#paths.delete(id);
    else this.#paths.set(id, place);
    return place;
  }
}

/** "" where it cannot be told. */
function cgroupIfAny(pid: number): string {
  try {
    return cgroupOf(pid);
  } catch {
    return "";
  }
}
