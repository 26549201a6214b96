// SPDX-License-Identifier: Apache-2.0
// The policy in force: what the configuration says, what its allow lists mean on this machine, and which workload has
// which number. Everything is resolved before anything is written.
import { type Config, hasOwnPolicy, type WorkloadConfig } from "../config/index.js";
import { type Kernel, maxGroupPolicies, maxSinks, type Native } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { type Groups, Hardening } from "../scope/index.js";
import { AllowList, type AllowSet } from "./allow.js";
import { Arming, unarmed } from "./arming.js";
import { authorityOf } from "./authority.js";
import { buildPolicy } from "./policy.js";

/** What all pods together may take of the kernel's room: the rest is for the configuration, and for the sinks of secrets. */
const ofPods = { workloads: (maxGroupPolicies * 3) / 4, destinations: maxSinks / 2 };

/** Those that fit, in their order; one that is too much leaves the later ones their chance. */
function within(workloads: readonly WorkloadConfig[], room: typeof ofPods): WorkloadConfig[] {
  const left = { ...room };
  return workloads.filter(({ egress = [] }) => {
    if (left.workloads < 1 || egress.length > left.destinations) return false;
    left.workloads--;
    left.destinations -= egress.length;
    return true;
  });
}

/**
 * Writes all, or as many of the first as there is room for: secrets and the configuration may have left less.
 * @param likely so many are tried first, since each writing is in force at once
 */
function writeLongest<Item>(items: readonly Item[], likely: number, write: (items: readonly Item[]) => void): void {
  const fits = (count: number): boolean => {
    try {
      write(items.slice(0, count));
      return true;
    } catch {
      return false;
    }
  };
  if (fits(items.length)) return;
  let [fit, tooMany] = [0, items.length];
  const half = (): number => Math.floor((fit + tooMany) / 2);
  for (let count = likely > 0 && likely < tooMany ? likely : half(); tooMany - fit > 1; count = half()) {
    if (fits(count)) fit = count;
    else tooMany = count;
  }
  // That nothing fits is no matter of these.
  if (fit === 0) write([]);
}

export class Rules {
  readonly #allow: AllowList;
  readonly #groups: Groups;
  readonly #arming = new Arming();
  /** Workloads that the configuration does not name: pods with rules of their own. */
  #more: readonly WorkloadConfig[] = [];
  /** Those of them that are in force. */
  #fitting: readonly WorkloadConfig[] = [];

  constructor(groups: Groups, log: Log) {
    this.#allow = new AllowList(log);
    this.#groups = groups;
  }

  /** Throws for what is allowed and cannot be used. */
  resolve(config: Config): Promise<AllowSet> {
    return this.#allow.resolve(config);
  }

  /**
   * Whole or not at all: if it throws, the policy before is in force.
   * @param more rules of pods, in place of those that setMore() was given: a policy without them would open those pods
   */
  async apply(kernel: Kernel, allow: AllowSet, more = this.#more): Promise<void> {
    const before = { more: this.#more, nodeGuards: this.#allow.set?.config.nodeGuards ?? "always" };
    const { nodeGuards } = allow.config;
    this.#more = more;
    try {
      // First, because it may be refused: doors that sleep are attached and proved for it. They may sleep only once it is in force.
      if (nodeGuards === "always") await kernel.setNodeGuards(nodeGuards);
      this.#write(kernel, allow);
    } catch (error) {
      this.#more = before.more;
      // If that is refused too, doors stand that might sleep, and the first error says why.
      await kernel.setNodeGuards(before.nodeGuards).catch(() => {});
      throw error;
    }
    await kernel.setNodeGuards(nodeGuards);
    this.#allow.adopt(allow);
  }

  /** Looks again at what is allowed (a file that was changed, a control group that came), and whether the agent may guard itself. */
  async check(kernel: Kernel): Promise<void> {
    const changed = await this.#allow.check();
    if ((changed || this.#arming.isDue(kernel)) && this.#allow.set) this.#write(kernel, this.#allow.set);
  }

  /**
   * Rules of pods, oldest first, beside those of the configuration. Returns the names of those for which there is no room.
   * Throws if nothing can be written; those before stay in force then.
   */
  setMore(kernel: Kernel, workloads: readonly WorkloadConfig[]): string[] {
    const before = this.#more;
    this.#more = workloads;
    try {
      if (this.#allow.set) this.#write(kernel, this.#allow.set);
    } catch (error) {
      this.#more = before;
      throw error;
    }
    const inForce = new Set(this.#fitting);
    return workloads.filter((one) => !inForce.has(one)).map(({ name }) => name);
  }

  /** What is looked at again each time: what is allowed, secrets, and names of which nothing is left. */
  async round(kernel: Kernel, secrets: { check(): void; groups(): Iterable<number> }): Promise<void> {
    await this.check(kernel);
    secrets.check();
    this.forgetNames(kernel, secrets.groups());
  }

  /** For many workloads that are to be protected: their names are kept in one writing. */
  name(workloads: Iterable<string>): void {
    this.#groups.ensureAll(workloads);
  }

  /**
   * Forgets names of which nothing is left: no process, no control group, no rule.
   * @param alsoInUse numbers of groups that others have a use for
   */
  forgetNames(kernel: Pick<Kernel, "list" | "cgroups">, alsoInUse: Iterable<number> = []): void {
    const config = this.#allow.set?.config;
    const ruled =
      config === undefined ? [] : this.whole(config).workloads.map(({ name }) => this.#groups.numberOf(name));
    const inKernel = [...kernel.list().map(({ who }) => who.group), ...kernel.cgroups.list().map(({ group }) => group)];
    this.#groups.prune(new Set([...inKernel, ...ruled.filter((number) => number !== undefined), ...alsoInUse]));
  }

  /** The configuration with the rules of pods. */
  whole(config: Config): Config {
    return this.#fitting.length === 0 ? config : { ...config, workloads: [...config.workloads, ...this.#fitting] };
  }

  get warnings(): string[] {
    const left = this.#more.length - this.#fitting.length;
    const pods = left === 0 ? [] : [`there is no room for the own rules of ${left} pods: see POD_RULES_REFUSED events`];
    return [...this.#allow.warnings, ...this.#arming.warnings, ...pods];
  }

  #write(kernel: Kernel, allow: AllowSet): void {
    const entries = this.#allow.entries(allow);
    const write = (pods: readonly WorkloadConfig[]): void => {
      const config = { ...allow.config, workloads: [...allow.config.workloads, ...pods] };
      this.#groups.ensureAll(config.workloads.filter(hasOwnPolicy).map(({ name }) => name));
      const policy = buildPolicy(config, entries, (name) => this.#groups.ensure(name));
      const armed = this.#arming.may(kernel);
      kernel.setPolicy({ ...(armed ? policy : unarmed(policy)), authority: authorityOf(allow.config) });
      this.#arming.settle(armed);
      this.#fitting = pods;
    };
    // What is in force stays before what is new.
    const known = new Set(this.#fitting.map(({ name }) => name));
    const old = this.#more.filter(({ name }) => known.has(name));
    const pods = within([...old, ...this.#more.filter(({ name }) => !known.has(name))], ofPods);
    if (pods.length === 0) write(pods);
    else writeLongest(pods, old.length, write);
    // Last: where the policy is refused, the limits before it stay too.
    kernel.leaks.configure(allow.config.leaks);
  }
}

export function createHardening(native: Native, config: () => Config): Hardening {
  return new Hardening(
    { coreLimit: (pid, limits) => native.coreLimit(pid, limits), hold: (pid) => native.openPidfd(pid) },
    () => {
      const { coreLimit, coredumpFilter, swap } = config().hardening;
      return { core_limit: coreLimit, coredump_filter: coredumpFilter, swap };
    },
  );
}
