// SPDX-License-Identifier: Apache-2.0
// The agent: every room put together, and the only owner of lifecycles. Start: facts, doors with proof, scope, policy,
// stream, sockets, ready. Stop: sockets, ring emptied, sinks, doors. What fails during start takes down what stood.
import type { Server } from "node:http";
import { dirname, join } from "node:path";
import type { Config } from "../config/index.js";
import { type ControlServer, startControlServer } from "../control/index.js";
import type { StatusReport } from "../control/protocol.js";
import type { EventFilter } from "../formats/index.js";
import {
  canaryPath,
  type Kernel,
  type KernelFacts,
  type Native,
  openKernel,
  packageVersion,
  readKernelFacts,
} from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { Groups, type Hardening, type Scope } from "../scope/index.js";
import type { Switch } from "../sinks/index.js";
import { protectConfigured } from "./configured.js";
import { createHandlers } from "./handlers.js";
import { closeHealthServer, startHealthServer } from "./http.js";
import { sayIdling, whyAwake } from "./idling.js";
import { checkMachine, started, stopIfInterrupted } from "./machine.js";
import { createAgentMetrics } from "./measures.js";
import { Notices } from "./notices.js";
import { needsRestart, overridesOf } from "./policy.js";
import { preloadModules } from "./preload.js";
import { statusReport } from "./reports.js";
import { createHardening, Rules } from "./rules.js";
import { openScope } from "./scoping.js";
import { openSecrets, secretsReport } from "./secrets.js";
import { Selftests } from "./selftests.js";
import { Stream } from "./stream.js";
import { Watch } from "./watch.js";

export interface AgentOptions {
  config: Config;
  /** Reads the configuration anew; throws if it is bad. */
  reloadConfig: () => Config;
  configFile: string | undefined;
  native: Native;
  log: Log;
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #log: Log;
  readonly #started = new Date().toISOString();
  readonly #facts: KernelFacts = readKernelFacts();
  readonly #groups: Groups;
  readonly selftests: Selftests;
  readonly #rules: Rules;
  readonly hardening: Hardening;
  #config: Config;
  #loadedAt = new Date().toISOString();
  #reloadError: string | null = null;
  #kernel: Kernel | undefined;
  #scope: Scope | undefined;
  #secrets: ReturnType<typeof openSecrets> | undefined;
  #stream: Stream | undefined;
  #health: Server | undefined;
  #control: ControlServer | undefined;
  #watch: Watch | undefined;
  #notices: Notices | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#config = options.config;
    this.#groups = new Groups(join(dirname(options.config.control.socket), "workloads.json"));
    this.selftests = new Selftests(() => this.#config, this.#log.child("selftest"));
    this.#rules = new Rules(this.#groups, options.log.child("allow"));
    this.hardening = createHardening(options.native, () => this.#config);
  }

  /** Throws when the guards cannot stand; nothing is left attached then. */
  async start(interrupted: () => string | undefined): Promise<void> {
    try {
      checkMachine(this.#facts, this.#log);
      const allow = this.#rules.resolve(this.#config);
      // Taken first: two agents must not have one spool, nor load side by side.
      this.#control = await startControlServer({
        socket: this.#config.control.socket,
        group: this.#config.control.group,
        native: this.#options.native,
        handlers: createHandlers(this),
        log: this.#log.child("control"),
      });
      const stream = await Stream.open({
        config: () => this.#config,
        native: this.#options.native,
        workloadOf: (group) => this.#groups.nameOf(group),
        secretOf: (id) => this.#secrets?.byNumber(id)?.name,
        log: this.#log.child("stream"),
      });
      this.#stream = stream;
      const kernel = await openKernel({
        native: this.#options.native,
        facts: this.#facts,
        objects: this.#config.objectPath,
        canary: canaryPath(),
        form: this.#config.form,
        pinPath: this.#config.pinPath,
        onEvents: (events, malformed) => stream.take(events, malformed),
        onIdling: (awake, error) => sayIdling(this.#log, awake, error),
        whyAwake,
      });
      this.#kernel = kernel;
      stopIfInterrupted(interrupted());
      const scope = openScope(kernel, this.#groups, this.hardening, this.#options.native);
      const secrets = openSecrets(kernel, this.#groups, scope, this.#config.control.socket, this.#log);
      this.#secrets = secrets;
      const inUse = new Set([...scope.records().map((record) => record.who.group), ...secrets.groups()]);
      this.#groups.reserve(inUse);
      this.#groups.keepOnly(inUse);
      stream.follow(kernel);
      kernel.listen();
      // Doors that were taken over refuse modules already, and the last agent has loaded these.
      const { problem } = await preloadModules(kernel.tookOver ? [] : this.#config.preloadModules);
      if (problem !== undefined) this.#log.info("not all modules were loaded ahead", { problem });
      kernel.refreshDevices();
      await this.#rules.apply(kernel, allow);
      this.#scope = scope; // only now: who asks for protection before rules are in force is told that the agent starts
      await protectConfigured(scope, this.#config, this.#log);
      this.#health = await startHealthServer(this.#config.health.listen, {
        metrics: this.#makeMetrics(),
        notReady: () => this.notReady(),
        // Anybody on the node can ask here: who is protected is only told over the control socket.
        status: () => ({ ...this.status(), processes: undefined }),
      });
      stopIfInterrupted(interrupted());
      const log = this.#log.child("watch");
      const notices = new Notices({
        ...{ kernel, memory: stream.evidence, log },
        losses: () => stream.losses(),
        announce: (notice) => stream.announce(notice),
      });
      this.#notices = notices;
      this.#watch = new Watch(kernel, scope, notices, log, {
        check: () => this.#rules.check(kernel).then(() => secrets.check()),
        proved: () => this.#tellManager(),
      });
      this.#watch.every(this.#config.canary.interval);
      const found = { silenced: this.#facts.ftraceEnabled === false, ready: this.notReady().length === 0 };
      notices.started({ version: packageVersion(), mode: this.#config.mode, ...found });
      this.#tellManager();
      stream.evidence.checkpoint("start");
      stream.evidence.every(this.#config.evidence.checkpointSeconds);
      this.selftests.schedule();
      kernel.mayIdle();
    } catch (error) {
      await this.stop(this.#kernel?.tookOver ? "leave" : "detach");
      throw error;
    }
  }

  /** Idempotent. */
  stop(how: "leave" | "detach" = this.#config.onStop): Promise<void> {
    this.#stopping ??= this.#stop(how);
    return this.#stopping;
  }

  /** The new configuration is validated whole before any of it is in force; a bad one is refused and the old one stays. */
  async reload(): Promise<{ loadedAt: string }> {
    const kernel = this.kernel;
    let sinks: Switch | undefined;
    try {
      const config = this.#options.reloadConfig();
      const allow = this.#rules.resolve(config);
      const late = needsRestart(this.#config, config);
      sinks = await this.#stream?.outlets.prepare(config);
      if (late.length > 0) this.#log.warn("settings that need a restart were changed", { settings: late });
      kernel.introduce(); // the executable, by which the next agent is known, may have been replaced since
      await this.#rules.apply(kernel, allow);
      sinks?.commit();
      sinks = undefined;
      this.#stream?.evidence.every(config.evidence.checkpointSeconds);
      this.#log.setLevel(config.log.level);
      this.#config = config;
      this.#loadedAt = new Date().toISOString();
      this.#reloadError = null;
      await protectConfigured(this.scope, config, this.#log);
      this.#watch?.every(config.canary.interval);
      this.selftests.schedule();
      this.#log.info("configuration loaded", { mode: config.mode });
      return { loadedAt: this.#loadedAt };
    } catch (error) {
      sinks?.abandon();
      this.#reloadError = error instanceof Error ? error.message : String(error);
      this.#log.error("the new configuration was refused, the old one stays in force", { error });
      throw error;
    }
  }

  reopenSinks(): void {
    this.#stream?.reopen();
  }

  notReady(): string[] {
    const kernel = this.#kernel;
    if (!kernel || !this.#scope) return ["starting"];
    return kernel.doors.filter((door) => !door.proved).map((door) => `door ${door.door}: ${door.reason}`);
  }

  status(): StatusReport {
    const stats = this.#stream?.stats;
    return statusReport({
      version: packageVersion(),
      node: this.#config.nodeName,
      started: this.#started,
      notReady: this.notReady(),
      mode: this.#config.mode,
      config: { file: this.#options.configFile ?? null, loadedAt: this.#loadedAt, lastError: this.#reloadError },
      events: { published: stats?.published ?? 0, lastSeq: this.#stream?.evidence.status().lastSeq ?? 0 },
      sinks: this.#stream?.outlets.reports() ?? [],
      evidence: this.#stream?.evidence.status(),
      kernel: this.kernel,
      facts: this.#facts,
      records: this.scope.records(),
      workloadOf: (group) => this.#groups.nameOf(group),
      warnings: [...this.#rules.warnings, ...this.scope.warnings],
      secrets: secretsReport(this.kernel, this.#secrets),
      hardening: this.hardening,
      overridesOf: (name) => overridesOf(this.#config, name),
    });
  }

  get kernel(): Kernel {
    return started(this.#kernel);
  }

  get scope(): Scope {
    return started(this.#scope);
  }

  get secrets(): ReturnType<typeof openSecrets> {
    return started(this.#scope && this.#secrets);
  }

  get config(): Config {
    return this.#config;
  }

  /** The last lines and the live ones. */
  subscribe(count: number, onLine: (line: string) => void, filter?: EventFilter): () => void {
    return started(this.#stream).backlog.subscribe(count, onLine, filter);
  }

  get groups(): Groups {
    return this.#groups;
  }

  #makeMetrics() {
    return createAgentMetrics({
      kernel: this.kernel,
      native: this.#options.native,
      sinks: () => this.#stream?.outlets.reports() ?? [],
      mode: () => this.#config.mode,
      pipeline: () => this.#stream?.stats,
      malformed: () => this.#stream?.malformed ?? 0,
      hardening: () => this.hardening.totals(),
      ready: () => this.notReady().length === 0,
      evidence: () => this.#stream?.evidence,
      checkpointSeconds: () => this.#config.evidence.checkpointSeconds,
      secrets: () => this.#secrets?.count ?? 0,
      proofFailures: () => this.#watch?.failures ?? 0,
      reload: () => ({ successful: this.#reloadError === null, lastSuccess: Date.parse(this.#loadedAt) / 1000 }),
      selftests: () => this.selftests,
      onFailure: (family, error) => this.#log.warn("a metric could not be read", { family, error }),
    });
  }

  /** The service manager hears READY only when every door is proved. */
  #tellManager(): void {
    const reasons = this.notReady();
    const status = reasons.length === 0 ? `guarding in ${this.#config.mode} mode` : `not ready: ${reasons[0]}`;
    this.#options.native.notify(`${reasons.length === 0 ? "READY=1\n" : ""}STATUS=${status}`);
  }

  async #stop(how: "leave" | "detach"): Promise<void> {
    this.#watch?.stop();
    await this.selftests.stop();
    this.#options.native.notify("STOPPING=1");
    await this.#control?.close();
    await closeHealthServer(this.#health);
    this.#kernel?.drain();
    try {
      this.#notices?.stopped(how);
      this.#kernel?.hush(how);
    } finally {
      await this.#stream?.close(() => this.#notices?.untold() ?? {});
    }
    this.#kernel?.close(how);
    this.#log.info("stopped", { doors: this.#kernel ? how : "none" });
  }
}
