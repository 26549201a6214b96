// SPDX-License-Identifier: Apache-2.0
// The configuration read again while the agent runs: validated whole before any of it is in force, in force or refused as a
// whole, and one after the other: of two at once the older could be in force in part in the end.
import type { Config } from "../config/index.js";
import { CloudtaserError } from "../errors/index.js";
import type { Kernel } from "../kernel/index.js";
import type { KubernetesSource } from "../kubernetes/index.js";
import type { Log } from "../log/index.js";
import type { Scope } from "../scope/index.js";
import type { Switch } from "../sinks/index.js";
import type { Authority } from "./authority.js";
import { protectConfigured } from "./configured.js";
import { Latest } from "./latest.js";
import type { ServiceManager } from "./manager.js";
import { needsRestart } from "./policy.js";
import type { Rules } from "./rules.js";
import type { Selftests } from "./selftests.js";
import type { Stream } from "./stream.js";
import type { Watch } from "./watch.js";

export interface ReloadParts {
  /** Throws if it is bad. */
  read(): Config;
  /** The one in force, and from now on another. */
  config(): Config;
  adopt(config: Config): void;
  /** These two throw while the agent starts. */
  kernel(): Kernel;
  scope(): Scope;
  stopping(): boolean;
  stream(): Stream | undefined;
  pods(): KubernetesSource | undefined;
  watch(): Watch | undefined;
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

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  run(): Promise<{ loadedAt: string }> {
    return this.#turns.run();
  }

  async #reload(): Promise<{ loadedAt: string }> {
    const { manager, log, stopping } = this.#parts;
    const [kernel, scope] = [this.#parts.kernel(), this.#parts.scope()];
    if (stopping()) throw new CloudtaserError("AGENT_NOT_RUNNING", { target: "this agent, which is stopping" });
    manager.reloading();
    try {
      // The executable, by which the next agent is known, may have been replaced since, and the configuration with it.
      kernel.introduce();
      const { mode } = await this.#load(kernel, scope);
      log.info("configuration loaded", { mode });
      return { loadedAt: this.loadedAt };
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      log.error("the new configuration was refused, the old one stays in force", { error });
      throw error;
    } finally {
      manager.reloaded(this.error !== null, this.#parts.config().mode);
    }
  }

  async #load(kernel: Kernel, scope: Scope): Promise<Config> {
    const { authority, rules, selftests, log, ...parts } = this.#parts;
    const config = parts.read();
    authority.check(config, authority.inForce);
    const allow = await rules.resolve(config);
    const late = needsRestart(parts.config(), config);
    let sinks: Switch | undefined = await parts.stream()?.outlets.prepare(config);
    try {
      if (late.length > 0) log.warn("settings that need a restart were changed", { settings: late });
      await rules.apply(kernel, allow);
      sinks?.commit();
      sinks = undefined;
    } finally {
      sinks?.abandon();
    }
    parts.stream()?.evidence.every(config.evidence.checkpointSeconds);
    log.setLevel(config.log.level);
    parts.adopt(config);
    this.loadedAt = new Date().toISOString();
    this.error = null;
    await protectConfigured(scope, config, log);
    if (config.kubernetes) await parts.pods()?.configure(config.kubernetes);
    parts.watch()?.every(config.canary.interval);
    selftests.schedule();
    return config;
  }
}
