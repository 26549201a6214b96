// SPDX-License-Identifier: Apache-2.0
// Who is protected, in words of workloads. The kernel is the truth: it extends protection to children and drops it at
// exit; this room only adds, removes and names. Units and control groups are looked at again while the agent runs, so
// that a restarted service is taken up.
import { CloudtaserError } from "../errors/index.js";
import type { Groups } from "./groups.js";
import type { Hardening } from "./hardening.js";
import { cgroupOfUnit, checkProcess, processesOfCgroup } from "./targets.js";

/** What this room needs of the kernel; Kernel has it. */
export interface ScopeKernel {
  add(addition: { tgid: number; group: number; role: number; follow: boolean }): {
    records: ScopeRecord[];
    added: number;
    full: boolean;
  };
  remove(which: { tgid: number; group: number }): ScopeRecord[];
  list(): ScopeRecord[];
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

export interface ScopeOptions {
  kernel: ScopeKernel;
  groups: Groups;
  roles: ScopeRoles;
  hold: (pid: number) => HeldProcess;
  /** Entries that the kernel's table takes. */
  limit: number;
  hardening: Hardening;
  /** What others had open of these processes before. */
  lookAround: (pids: readonly number[]) => Promise<string[]>;
}

/** A fork takes microseconds; these are far more, also on a loaded node. */
const secondLooksMs = [50, 500];

export type Target = { pid: number } | { unit: string } | { cgroup: string };

export interface ProtectResult {
  workload: string;
  records: ScopeRecord[];
  warnings: string[];
}

export class Scope {
  readonly #options: ScopeOptions;
  /** Targets that are looked at again, by workload. */
  readonly #standing = new Map<string, { unit: string } | { cgroup: string }>();

  /** What was found when protection began, by workload. */
  readonly #found = new Map<string, string[]>();

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  /**
   * Throws without having protected anything, except where it says SCOPE_FULL: then what fitted stays.
   * @param how "whole" refuses while a door is not proved; "partial" takes what stands, for what must not be left open
   */
  async protect(target: Target, name?: string, how: "whole" | "partial" = "whole"): Promise<ProtectResult> {
    // Held before the doors wake, which takes a moment in which a pid may change hands.
    const held = "pid" in target ? this.#hold(target.pid) : undefined;
    try {
      await this.#named(target, name);
      return await this.#options.kernel.guarding(() => this.#protectNow(target, name, held), how);
    } finally {
      held?.close();
    }
  }

  /** Whoever is or comes to be in this unit or control group is taken in by rescan(), though nobody may be there yet. */
  expect(workload: string, target: { unit: string } | { cgroup: string }): void {
    this.#standing.set(workload, target);
  }

  /** No longer looked at again; whoever is protected stays so. */
  release(workload: string): void {
    this.#standing.delete(workload);
  }

  /** Who is meant, and as what; throws if there is nobody. */
  async #named(target: Target, name?: string): Promise<{ pids: number[]; workload: string }> {
    const pids = await this.#processesOf(target);
    const workload = name ?? nameOf(target, pids);
    if (pids.length === 0) throw new CloudtaserError("WORKLOAD_EMPTY", { target: workload });
    return { pids, workload };
  }

  async #protectNow(target: Target, name: string | undefined, held?: HeldProcess): Promise<ProtectResult> {
    // Members of a unit or control group are listed again, since some have come and gone meanwhile.
    const { pids, workload } = await this.#named(target, name);
    const group = this.#options.groups.ensure(workload);
    const warnings: string[] = [];
    if ("pid" in target && held) this.#add(target.pid, group, held, true, warnings);
    else for (const pid of pids) this.#addMember(pid, group, warnings);
    if (!("pid" in target)) this.#standing.set(workload, target);
    this.#lookAgain(target, group);
    const members = this.#harden(group);
    warnings.push(...(await this.#options.lookAround(members.map(({ who }) => who.tgid))));
    if (warnings.length > 0) this.#found.set(workload, warnings);
    else this.#found.delete(workload);
    return { workload, records: members, warnings };
  }

  /** Warnings of the last time that something of each workload was taken in. */
  get warnings(): string[] {
    return [...this.#found].flatMap(([workload, found]) => found.map((one) => `${workload}: ${one}`));
  }

  #harden(group: number): ScopeRecord[] {
    const all = this.records();
    const members = all.filter((record) => record.who.group === group);
    this.#options.hardening.harden(members, all);
    return members;
  }

  #hold(pid: number): HeldProcess {
    checkProcess(pid);
    try {
      return this.#options.hold(pid);
    } catch (cause) {
      throw new CloudtaserError("PID_MISSING", { target: String(pid), cause });
    }
  }

  #addMember(pid: number, group: number, warnings: string[]): void {
    let held: HeldProcess;
    try {
      held = this.#options.hold(pid);
    } catch {
      return; // it ended meanwhile
    }
    try {
      this.#add(pid, group, held, false, warnings);
    } finally {
      held.close();
    }
  }

  #add(pid: number, group: number, held: HeldProcess, named: boolean, warnings: string[]): void {
    const { kernel, roles, limit, groups } = this.#options;
    const { records, full } = kernel.add({ tgid: pid, group, role: roles.protected, follow: true });
    if (!held.alive()) {
      // It ended while we worked: whoever has the number now was not meant.
      kernel.remove({ tgid: pid, group });
      if (named) throw new CloudtaserError("PID_CHANGED_HANDS", { target: String(pid) });
      return;
    }
    if (full) throw new CloudtaserError("SCOPE_FULL", { target: String(pid), fields: { limit } });
    for (const { who, tracer } of records) {
      if (tracer !== 0) warnings.push(`process ${who.tgid} was already traced by process ${tracer}; end that tracer`);
      if (who.tgid === pid && who.group !== group) {
        warnings.push(`process ${pid} was already protected, as workload ${groups.nameOf(who.group)}`);
      }
    }
  }

  /** A child that was being forked while its parent was taken in may have been in no list yet: it is looked for again. */
  #lookAgain(target: Target, group: number): void {
    const { kernel, roles } = this.#options;
    const look = async (): Promise<void> => {
      const records = this.records().filter(({ who }) => who.group === group);
      const known = new Set(records.map(({ who }) => who.tgid));
      const [first] = "pid" in target ? [target.pid].filter((pid) => known.has(pid)) : known;
      // Naming one is enough: what follows are the children of the whole group.
      if (first !== undefined) kernel.add({ tgid: first, group, role: roles.protected, follow: true });
      if ("pid" in target) return;
      const missed = (await this.#processesOf(target)).filter((pid) => !known.has(pid));
      if (missed.length === 0) return;
      await kernel.guarding(() => {
        for (const pid of missed) this.#addMember(pid, group, []);
      }, "partial");
    };
    // What fails here: the agent is stopping and its kernel room is closed, or the unit has ended.
    for (const delay of secondLooksMs) setTimeout(() => void look().catch(() => {}), delay).unref();
  }

  unprotect(which: { pid: number } | { workload: string }): ProtectResult {
    const { kernel, groups } = this.#options;
    if ("pid" in which) {
      checkProcess(which.pid);
      const records = kernel.remove({ tgid: which.pid, group: 0 });
      this.#options.hardening.relax(records);
      const [first] = records;
      if (!first) throw new CloudtaserError("WORKLOAD_UNKNOWN", { target: `process ${which.pid}` });
      return { workload: groups.nameOf(first.who.group), records, warnings: [] };
    }
    const group = groups.numberOf(which.workload);
    if (group === undefined) throw new CloudtaserError("WORKLOAD_UNKNOWN", { target: which.workload });
    this.#standing.delete(which.workload);
    this.#found.delete(which.workload);
    const records = kernel.remove({ tgid: 0, group });
    this.#options.hardening.relax(records);
    return { workload: which.workload, records, warnings: [] };
  }

  /** Takes up what units and control groups have gained, for example by a restart. Returns how many processes. */
  async rescan(): Promise<number> {
    let taken = 0;
    for (const [workload, target] of this.#standing) {
      const known = new Set(this.records().map((record) => record.who.tgid));
      const pids = await this.#processesOf(target).catch(() => [] as number[]); // a stopped unit holds nobody
      const fresh = pids.filter((pid) => !known.has(pid));
      const group = this.#options.groups.ensure(workload);
      // Partly guarded is better than open for what was promised already.
      if (fresh.length > 0) {
        await this.#options.kernel.guarding(() => {
          for (const pid of fresh) this.#addMember(pid, group, []);
        }, "partial");
      }
      this.#harden(group);
      taken += fresh.length;
    }
    if (this.#found.size > 0) this.#forgetEnded();
    return taken;
  }

  /** What was found about a workload of which nothing is left is of no use to anybody. */
  #forgetEnded(): void {
    const inUse = new Set<number | undefined>(this.records().map(({ who }) => who.group));
    for (const workload of this.#found.keys()) {
      if (!this.#standing.has(workload) && !inUse.has(this.#options.groups.numberOf(workload)))
        this.#found.delete(workload);
    }
  }

  /** Everything protected, the canary left out. */
  records(): ScopeRecord[] {
    const { kernel, roles } = this.#options;
    return kernel.list().filter((record) => record.role & roles.protected && !(record.role & roles.canary));
  }

  async #processesOf(target: Target): Promise<number[]> {
    if ("pid" in target) {
      checkProcess(target.pid);
      return [target.pid];
    }
    return processesOfCgroup("cgroup" in target ? target.cgroup : await cgroupOfUnit(target.unit));
  }
}

function nameOf(target: Target, pids: readonly number[]): string {
  const raw = "pid" in target ? `pid-${pids[0] ?? target.pid}` : "unit" in target ? target.unit : target.cgroup;
  return (
    raw
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 63) || "workload"
  );
}
