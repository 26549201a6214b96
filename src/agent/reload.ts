// SPDX-License-Identifier: Apache-2.0
// The configuration read again while the agent runs: validated whole before any of it is in force, in force or refused as a
// whole, and one after the other: of two at once the older could be in force in part in the end.
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/index.js";
import type { ReloadReport } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";
import type { Kernel } from "../kernel/index.js";
import type { KubernetesSource } from "../kubernetes/index.js";
import type { Log } from "../log/index.js";
import type { Scope } from "../scope/index.js";
import type { Switch } from "../sinks/index.js";
import type { Authority } from "./authority.js";
import { protectConfigured } from "./configured.js";
import { withoutRestart } from "./fixed.js";
import { Latest } from "./latest.js";
import type { ServiceManager } from "./manager.js";
import type { Rules } from "./rules.js";
import type { Selftests } from "./selftests.js";
import type { Stream } from "./stream.js";
import type { Watch } from "./watch.js";

/** Of a stop, for a reload that runs. */
const settleMs = 5_000;

export interface ReloadParts {
  /** Throws if it is bad. */
  read(): Config;
  /** The one in force, and from now on another. */
  config(): Config;
  adopt(config: Config): void;
  /** These three throw while the agent starts. */
  kernel(): Kernel;
  scope(): Scope;
  watch(): Watch;
  stopping(): boolean;
  stream(): Stream | undefined;
  pods(): KubernetesSource | undefined;
  authority: Authority;
  rules: Rules;
  selftests: Selftests;
  manager: ServiceManager;
  log: Log;
}

export class Reloads {
  readonly #parts: ReloadParts;
  readonly #turns = new Latest(() => this.#reload());
  /** ISO time. */
  loadedAt = new Date().toISOString();
  /** Why the last one was refused; null if it was not. */
  error: string | null = null;
  /** Names of settings of the last one that a restart alone puts in force. */
  waiting: readonly string[] = [];

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  /**
   * Throws what is wrong with the configuration (CONFIG_*, ALLOW_EXE_UNUSABLE, AUTHORITY_CONFIGURATION, what its sinks and the
   * kernel say), and AGENT_NOT_RUNNING while the agent starts or stops; the one before is in force then.
   */
  run(): Promise<ReloadReport> {
    return this.#turns.run();
  }

  /** For a stop: one that runs comes to its end, or is left behind where it waits for what may never come (a file to read). */
  async settle(): Promise<void> {
    await Promise.race([this.#turns.idle(), sleep(settleMs, undefined, { ref: false })]);
  }

  get warnings(): string[] {
    return this.waiting.map((name) => `setting ${name} was changed, and needs a restart`);
  }

  /** lastSuccess: seconds since the epoch. */
  get measures(): { successful: boolean; lastSuccess: number } {
    return { successful: this.error === null, lastSuccess: Date.parse(this.loadedAt) / 1000 };
  }

  #goOn(): void {
    if (this.#parts.stopping())
      throw new CloudtaserError("AGENT_NOT_RUNNING", { target: "this agent, which is stopping" });
  }

  async #reload(): Promise<ReloadReport> {
    const { manager, log } = this.#parts;
    const [kernel, scope, watch] = [this.#parts.kernel(), this.#parts.scope(), this.#parts.watch()];
    this.#goOn();
    manager.reloading();
    try {
      // The executable, by which the next agent is known, may have been replaced since, and the configuration with it.
      kernel.introduce();
      const { mode } = await this.#load(kernel, scope, watch);
      log.info("configuration loaded", { mode });
      return { loadedAt: this.loadedAt, needsRestart: [...this.waiting] };
    } catch (error) {
      if (this.#parts.stopping()) throw error;
      this.error = error instanceof Error ? error.message : String(error);
      log.error("the new configuration was refused, the old one stays in force", { error });
      throw error;
    } finally {
      manager.reloaded(this.error !== null, this.#parts.config().mode);
    }
  }

  async #load(kernel: Kernel, scope: Scope, watch: Watch): Promise<Config> {
    const { authority, rules, selftests, log, ...parts } = this.#parts;
    const read = parts.read();
    authority.check(read, authority.inForce);
    const { config, waiting } = withoutRestart(parts.config(), read);
    const allow = await rules.resolve(config);
    this.#goOn();
    let sinks: Switch | undefined = await parts.stream()?.outlets.prepare(config);
    try {
      this.#goOn();
      if (waiting.length > 0) log.warn("settings that need a restart were changed", { settings: waiting });
      await rules.apply(kernel, allow);
      sinks?.commit();
      sinks = undefined;
    } finally {
      sinks?.abandon();
    }
    parts.stream()?.evidence.every(config.evidence.checkpointSeconds);
    log.setLevel(config.log.level);
    parts.adopt(config);
    this.waiting = waiting;
    this.loadedAt = new Date().toISOString();
    this.error = null;
    await protectConfigured(scope, config, log);
    if (config.kubernetes) await parts.pods()?.configure(config.kubernetes);
    this.#goOn();
    watch.every(config.canary.interval);
    selftests.schedule();
    return config;
  }
}
