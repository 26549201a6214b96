// SPDX-License-Identifier: Apache-2.0
// The policy in force: what the configuration says, what its allow lists mean on this machine, and which workload has
// which number. Everything is resolved before anything is written.
import type { Config, WorkloadConfig } from "../config/index.js";
import type { Kernel, Native } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { type Groups, Hardening } from "../scope/index.js";
import { AllowList, type AllowSet } from "./allow.js";
import { buildPolicy } from "./policy.js";

export class Rules {
  readonly #allow: AllowList;
  readonly #groups: Groups;
  /** Workloads that the configuration does not name: pods with rules of their own. */
  #more: readonly WorkloadConfig[] = [];

  constructor(groups: Groups, log: Log) {
    this.#allow = new AllowList(log);
    this.#groups = groups;
  }

  /** Throws for what is allowed and cannot be used. */
  resolve(config: Config): AllowSet {
    return this.#allow.resolve(config);
  }

  /**
   * Whole or not at all: if it throws, the policy before is in force.
   * @param more rules of pods, in place of those that setMore() was given: a policy without them would open those pods
   */
  async apply(kernel: Kernel, allow: AllowSet, more = this.#more): Promise<void> {
    this.#more = more;
    // First, because it may be refused: doors that sleep are attached and proved for it.
    await kernel.setNodeGuards(allow.config.nodeGuards);
    this.#write(kernel, allow);
    this.#allow.adopt(allow);
  }

  /** Looks again at what is allowed: a file that was changed, a control group that came. */
  async check(kernel: Kernel): Promise<void> {
    const changed = await this.#allow.check();
    if (changed && this.#allow.set) this.#write(kernel, this.#allow.set);
  }

  /** Rules of pods, beside those of the configuration. Throws if they do not fit; those before stay in force then. */
  setMore(kernel: Kernel, workloads: readonly WorkloadConfig[]): void {
    const before = this.#more;
    this.#more = workloads;
    try {
      if (this.#allow.set) this.#write(kernel, this.#allow.set);
    } catch (error) {
      this.#more = before;
      throw error;
    }
  }

  /** The configuration with the rules of pods. */
  whole(config: Config): Config {
    return this.#more.length === 0 ? config : { ...config, workloads: [...config.workloads, ...this.#more] };
  }

  get warnings(): string[] {
    return this.#allow.warnings;
  }

  #write(kernel: Kernel, allow: AllowSet): void {
    kernel.leaks.configure(allow.config.leaks);
    const config = this.whole(allow.config);
    kernel.setPolicy(buildPolicy(config, this.#allow.entries(allow), (name) => this.#groups.ensure(name)));
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
