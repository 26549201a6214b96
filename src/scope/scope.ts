// SPDX-License-Identifier: Apache-2.0
// Who is protected, in words of workloads. The kernel is the truth: it extends protection to children and to those who
// enter a protected control group, and drops it at exit; this room only adds, removes and names. Units and control groups
// are looked for again while the agent runs, so that a restarted service is taken up.
import { setImmediate } from "node:timers/promises";
import { CloudtaserError } from "../errors/index.js";
import { Cgroups, type ProtectedCgroup } from "./cgroups.js";
import { Findings } from "./findings.js";
import { type Followed, type FollowedGroup, Following } from "./following.js";
import { hardenGradually, hardenInTurns, lookTwice, membersOf } from "./gradual.js";
import { Inside } from "./inside.js";
import type { HeldProcess, ScopeRecord } from "./kernel.js";
import { oneAtATime } from "./one-at-a-time.js";
import type { ProtectResult, RegisteredCgroup, ScopeOptions, Target } from "./options.js";
import { checkProcess, holdProcess, nameOf } from "./targets.js";

export class Scope {
  readonly #options: ScopeOptions;
  readonly #cgroups: Cgroups;
  readonly #following: Following;
  readonly #inside: Inside;
  readonly #found = new Findings();
  /** Some who belong to protected control groups found no room at the last look. */
  #full = false;

  constructor(options: ScopeOptions) {
    this.#options = options;
    const { kernel, groups, cgroupLimit, openCgroup: openById, hierarchy } = options;
    this.#cgroups = new Cgroups({ kernel: () => kernel.cgroups, groups, limit: cgroupLimit, openById, hierarchy });
    // What fails here fails in the next round too, which says why.
    const look = async (): Promise<void> => void (await this.rescan().catch(() => {}));
    this.#following = new Following(() => this.#cgroups.hierarchy, look);
    this.#inside = new Inside(look);
  }

  /**
   * Throws without having protected anything, except where it says SCOPE_FULL: then what fitted stays.
   * @param how "whole" is for a person's word: it refuses while a door is not proved, and who is there now trusts each
   *  other; "partial" takes what stands, for what must not be left open, and trusts nobody whom it finds
   * @param mayJoin throws if not; nothing is waited for between this and the joining
   */
  async protect(
    target: Target,
    name?: string,
    how: "whole" | "partial" = "whole",
    mayJoin: () => void = () => {},
  ): Promise<ProtectResult> {
    // Held before the doors wake, which takes a moment in which a pid may change hands.
    const held = "pid" in target ? holdProcess(target.pid, this.#options.hold) : undefined;
    const workload = name ?? nameOf(target);
    try {
      const found = "pid" in target ? [] : await this.#following.pathsOf(target, how === "whole");
      for (const path of found) this.#cgroups.check(path);
      return await this.#options.kernel.guarding(async () => {
        const paths = "pid" in target ? [] : await this.#following.pathsOf(target);
        mayJoin();
        const group = this.#options.groups.ensure(workload);
        const warnings: string[] = [];
        if ("pid" in target && held) {
          this.#add(target.pid, group, held, how === "whole", warnings);
          this.#lookAgain(target.pid, group);
        } else if (!("pid" in target)) {
          const isOurs = this.#enter(paths, group, how === "whole", warnings);
          // Where all of it is another's already, each new name would be one more to look for, for nothing.
          if (isOurs) this.follow(workload, target);
        }
        return this.#finish(workload, group, warnings);
      }, how);
    } finally {
      held?.close();
    }
  }

  /** Whoever comes to be in this unit or control group is protected, though neither may be there yet. */
  follow(workload: string, target: Followed): void {
    this.#following.add(workload, target);
  }

  /**
   * One control group each, or many in one census: who is in them, or enters them or a group below, is protected from
   * now on. For those who know when each comes and goes; they are not looked for again by path.
   * @param wanted path as in /proc/PID/cgroup, or below the mount point
   */
  protectCgroups(wanted: readonly FollowedGroup[]): Promise<RegisteredCgroup[]> {
    return this.#register(wanted, () => true);
  }

  async #register(
    wanted: readonly FollowedGroup[],
    still: (group: FollowedGroup) => boolean,
  ): Promise<RegisteredCgroup[]> {
    const fresh = new Set<string>();
    const results = await this.#options.kernel.guarding(() => {
      const registered = wanted.filter(still).map(({ path, workload }) => {
        try {
          const { id, fresh: isFresh } = this.#cgroups.add(path, this.#options.groups.ensure(workload));
          if (isFresh) fresh.add(workload);
          return { path, id };
        } catch (error) {
          return { path, error };
        }
      });
      // Full or not, the groups are registered: who found no room is refused his next exec.
      this.#full = this.#cgroups.enter().full;
      const numbers = [...fresh].map((one) => this.#options.groups.ensure(one));
      if (fresh.size > 0) hardenGradually(this.#options.hardening, () => this.records(), numbers);
      return registered;
    }, "partial");
    if (fresh.size > 0) void this.#lookAroundFor([...fresh]).catch(() => {});
    return results;
  }

  /** One look over the node for all of them, however many pods have come at once: aside, since protection stands. */
  async #lookAroundFor(names: readonly string[]): Promise<void> {
    this.#watchInside();
    await setImmediate();
    const numbers = names.map((one) => this.#options.groups.numberOf(one) ?? 0);
    const pids = [...membersOf(this.records(), numbers).values()].map((some) => some.map(({ who }) => who.tgid));
    if (pids.some((some) => some.length > 0)) this.#found.set(names, await this.#options.lookAround(pids));
  }

  #watchInside(): void {
    const { root } = this.#cgroups.hierarchy;
    this.#inside.set(this.#cgroups.list().flatMap(({ path }) => (path === null ? [] : [`${root}${path}`])));
  }

  /** Whether the group that is at that path now is protected. */
  holdsCgroup(path: string): boolean {
    return this.#cgroups.has(this.#cgroups.hierarchy.insideOf(path));
  }

  readonly eachCgroup = (): Iterable<ProtectedCgroup> => this.#cgroups.each();

  /**
   * What an earlier agent protected keeps its name; of its control groups those that are gone are forgotten, and the
   * others are followed.
   * @param alsoInUse numbers of groups that others have a use for
   */
  adopt(alsoInUse: Iterable<number> = []): void {
    const { groups } = this.#options;
    this.#cgroups.forgetGone();
    const inUse = [...this.records().map(({ who }) => who.group), ...this.#cgroups.groupNumbers(), ...alsoInUse];
    groups.reserve(new Set(inUse));
    groups.keepOnly(new Set(inUse));
    for (const { path, workload } of this.#cgroups.list()) if (path !== null) this.follow(workload, { cgroup: path });
  }

  close(): void {
    this.#following.close();
    this.#inside.close();
  }

  /** Whether any of them is this group's now, or there is none yet. */
  #enter(paths: readonly string[], group: number, trusting: boolean, warnings: string[]): boolean {
    const fresh: bigint[] = [];
    let ofOthers = 0;
    let fault: { error: unknown } | undefined;
    for (const path of paths) {
      try {
        const { id, before, fresh: isFresh } = this.#cgroups.add(path, group);
        if (isFresh) fresh.push(id);
        if (before === undefined) continue;
        ofOthers++;
        warnings.push(`control group ${path} was already protected, as workload ${before}`);
      } catch (error) {
        // What is registered is not left without its census.
        fault ??= { error };
      }
    }
    if (paths.length === 0) return true;
    // Whoever came into one that was protected before came alone.
    const trusted = trusting && fresh.length > 0 ? fresh : [undefined];
    const looks = trusted.map((id) => this.#cgroups.enter(id, trusting ? group : undefined));
    if (fresh.length > 0) this.#watchInside();
    if (fault) throw fault.error;
    if (looks.some(({ full }) => full)) throw this.#noRoom(paths.join(", "));
    const members = this.records().filter(({ who }) => who.group === group);
    for (const { who, tracer } of members) if (tracer !== 0) warnings.push(tracedBy(who.tgid, tracer));
    // What they have started elsewhere: naming one is enough, what follows are the children of the whole workload.
    if (members[0] && fresh.length > 0) this.#take(members[0].who.tgid, group, trusting);
    return ofOthers < paths.length;
  }

  async #finish(workload: string, group: number, warnings: string[]): Promise<ProtectResult> {
    const members = await hardenInTurns(this.#options.hardening, () => this.records(), group);
    warnings.push(...(await this.#options.lookAround([members.map(({ who }) => who.tgid)])));
    this.#found.set([workload], warnings);
    return { workload, records: members, warnings };
  }

  #noRoom(target: string): CloudtaserError {
    return new CloudtaserError("SCOPE_FULL", { target, fields: { limit: this.#options.limit } });
  }

  /** Of the last time that something of each workload was taken in, and of the last look. */
  get warnings(): string[] {
    const { limit } = this.#options;
    const full = `the table of protected processes is full (${limit}): who found no room is refused his next exec`;
    return this.#full ? [full, ...this.#found.all] : this.#found.all;
  }

  /** And its descendants; recall: also those of them whom a person has taken out by number. */
  #take(tgid: number, group: number, recall: boolean) {
    const role = this.#options.roles.protected;
    return this.#options.kernel.add({ tgid, group, role, follow: true, recall });
  }

  #add(pid: number, group: number, held: HeldProcess, recall: boolean, warnings: string[]): void {
    const { kernel, groups } = this.#options;
    const { records, full } = this.#take(pid, group, recall);
    if (!held.alive()) {
      // It ended while we worked: whoever has the number now was not meant.
      kernel.remove({ tgid: pid, group });
      throw new CloudtaserError("PID_CHANGED_HANDS", { target: String(pid) });
    }
    if (full) throw this.#noRoom(String(pid));
    for (const { who, tracer } of records) {
      if (tracer !== 0) warnings.push(tracedBy(who.tgid, tracer));
      if (who.tgid === pid && who.group !== group) {
        warnings.push(`process ${pid} was already protected, as workload ${groups.nameOf(who.group)}`);
      }
    }
  }

  /** A child that was being forked while its parent was taken in may have been in no list yet: it is looked for again. */
  #lookAgain(pid: number, group: number): void {
    lookTwice(() => {
      if (this.records().some(({ who }) => who.tgid === pid && who.group === group)) this.#take(pid, group, false);
    });
  }

  /** Throws WORKLOAD_UNKNOWN; of a pid also PID_INVALID, PID_MISSING, PID_IS_THREAD or PID_IS_KERNEL_THREAD. */
  unprotect(which: { pid: number } | { workload: string }): ProtectResult {
    const { kernel, groups, hardening } = this.#options;
    if ("pid" in which) {
      checkProcess(which.pid);
      const records = kernel.remove({ tgid: which.pid, group: 0 });
      hardening.relax(records);
      if (!records[0]) throw new CloudtaserError("WORKLOAD_UNKNOWN", { target: `process ${which.pid}` });
      return { workload: groups.nameOf(records[0].who.group), records, warnings: this.#cgroups.takesBack(which.pid) };
    }
    const group = groups.numberOf(which.workload);
    if (group === undefined) throw new CloudtaserError("WORKLOAD_UNKNOWN", { target: which.workload });
    this.#following.remove(which.workload);
    this.#found.forget(which.workload);
    this.#cgroups.removeGroup(group); // first: nobody comes in behind the census
    const records = kernel.remove({ tgid: 0, group });
    hardening.relax(records);
    return { workload: which.workload, records, warnings: [] };
  }

  /**
   * Takes up what units and patterns have gained, for example by a restart. Returns how many processes. One look, which
   * begins after the call, is for all who ask before it begins.
   */
  readonly rescan = oneAtATime(() => this.#rescanNow());

  async #rescanNow(): Promise<number> {
    const fresh = (await this.#following.found()).filter(({ path }) => !this.#cgroups.has(path));
    let taken = 0;
    // Partly guarded is better than open for what was promised already.
    if (fresh.length > 0) {
      const before = this.records().length;
      await this.#register(fresh, ({ workload }) => this.#following.has(workload));
      taken = this.records().length - before;
    } else if (this.#cgroups.groupNumbers().size > 0) {
      // Nobody slips through, except where the table of processes was full.
      const { entered, full } = this.#cgroups.enter();
      taken = entered;
      this.#full = full;
    } else this.#full = false;
    this.#cgroups.forgetGone();
    const all = this.records();
    hardenGradually(this.#options.hardening, () => this.records(), this.#cgroups.groupNumbers(), all);
    this.#following.watch();
    this.#watchInside();
    if (this.#found.size === 0) return taken;
    const inUse = new Set<number | undefined>(all.map(({ who }) => who.group));
    this.#found.keepOnly((one) => this.#following.has(one) || inUse.has(this.#options.groups.numberOf(one)));
    return taken;
  }

  /** Everything protected, the canary left out. */
  records(): ScopeRecord[] {
    return this.#options.kernel.list().filter((record) => this.#isProtected(record));
  }

  /** The same, each made only when he is asked for. */
  *each(): Generator<ScopeRecord, void, void> {
    for (const record of this.#options.kernel.each()) if (this.#isProtected(record)) yield record;
  }

  #isProtected({ role }: ScopeRecord): boolean {
    const { protected: wanted, canary } = this.#options.roles;
    return (role & wanted) !== 0 && (role & canary) === 0;
  }
}

const tracedBy = (pid: number, tracer: number): string =>
  `process ${pid} was already traced by process ${tracer}; end that tracer`;
