// SPDX-License-Identifier: Apache-2.0
// The agent: every room put together, and the only owner of lifecycles. Start: facts, doors with proof, scope, policy,
// stream, sockets, ready. Stop: sockets, ring emptied, sinks, doors. What fails during start takes down what stood.
import type { Server } from "node:http";
import type { Config } from "../config/index.js";
import { type ControlServer, startControlServer } from "../control/index.js";
import type { ReloadReport, StatusReport } from "../control/protocol.js";
import type { EventFilter } from "../formats/index.js";
import {
  type Kernel,
  type KernelFacts,
  packageVersion,
  readKernelFacts,
  rememberedAuthority,
} from "../kernel/index.js";
import type { KubernetesSource } from "../kubernetes/index.js";
import type { Log } from "../log/index.js";
import { type Groups, type Hardening, oneAtATime, type Scope } from "../scope/index.js";
import { Authority } from "./authority.js";
import { protectConfigured } from "./configured.js";
import { renewExecutable } from "./executable.js";
import { openGuards } from "./guards.js";
import { createHandlers } from "./handlers.js";
import { closeHealthServer, startHealthServer } from "./http.js";
import { checkMachine, started, stopIfInterrupted } from "./machine.js";
import { ServiceManager } from "./manager.js";
import { createAgentMetrics } from "./measures.js";
import { Memory, wholeCollection } from "./memory.js";
import { createNotices, type Notices } from "./notices.js";
import type { AgentOptions } from "./options.js";
import { rulesOfPods, startPods } from "./pods.js";
import { overridesOf } from "./policy.js";
import { preloadModules } from "./preload.js";
import { Reloads } from "./reload.js";
import { publicStatus, statusReport, unprovedDoors } from "./reports.js";
import { createHardening, Rules } from "./rules.js";
import { nameWarnings, openGroups, openScope } from "./scoping.js";
import { openSecrets, secretsReport } from "./secrets.js";
import { Selftests } from "./selftests.js";
import { type Snapshot, takeSnapshot } from "./snapshot.js";
import { SocketWatch } from "./socket-watch.js";
import { Stream } from "./stream.js";
import { lookAtDevices, Watch } from "./watch.js";

export class Agent {
  readonly #options: AgentOptions;
  readonly log: Log;
  readonly authority: Authority;
  readonly #started = new Date().toISOString();
  readonly #facts: KernelFacts = readKernelFacts();
  readonly #groups: Groups;
  readonly selftests: Selftests;
  readonly #rules: Rules;
  readonly hardening: Hardening;
  readonly #manager: ServiceManager;
  readonly #reloads: Reloads;
  #config: Config;
  #kernel: Kernel | undefined;
  #scope: Scope | undefined;
  #secrets: ReturnType<typeof openSecrets> | undefined;
  #stream: Stream | undefined;
  #health: Server | undefined;
  #control: ControlServer | undefined;
  #watch: Watch | undefined;
  #notices: Notices | undefined;
  #pods: KubernetesSource | undefined;
  #renewal: Promise<unknown> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.log = options.log;
    this.#config = options.config;
    this.authority = new Authority({ config: () => this.#config, stream: () => this.#stream, log: options.log });
    this.#groups = openGroups(options.config.control.socket);
    this.selftests = new Selftests(() => this.#config, options.native, this.log.child("selftest"));
    this.#rules = new Rules(this.#groups, options.log.child("allow"));
    this.hardening = createHardening(options.native, () => this.#config);
    this.#manager = new ServiceManager({ ...options, env: process.env, pid: process.pid });
    this.#reloads = new Reloads({
      ...{ authority: this.authority, rules: this.#rules, selftests: this.selftests, manager: this.#manager },
      ...{ read: options.reloadConfig, log: options.log },
      config: () => this.#config,
      adopt: (config) => {
        this.#config = config;
      },
      kernel: () => this.kernel,
      scope: () => this.scope,
      stopping: () => this.#stopping !== undefined,
      stream: () => this.#stream,
      pods: () => this.#pods,
      watch: () => started(this.#watch),
    });
  }

  /** Throws when the guards cannot stand; nothing is left attached then. */
  async start(interrupted: () => string | undefined): Promise<void> {
    try {
      checkMachine(this.#facts, this.#config.pinPath, this.log);
      const allow = await this.#rules.resolve(this.#config);
      // Taken first: two agents must not have one spool, nor load side by side.
      this.#control = await startControlServer({
        socket: this.#config.control.socket,
        group: this.#config.control.group,
        native: this.#options.native,
        handlers: createHandlers(this),
        signatures: this.authority,
        log: this.log.child("control"),
      });
      this.authority.check(this.#config, rememberedAuthority(this.#options.native, this.#config.pinPath));
      const stream = await Stream.open({
        config: () => this.#config,
        native: this.#options.native,
        workloadOf: (group) => this.#groups.nameOf(group),
        secretOf: (id) => this.#secrets?.byNumber(id)?.name,
        podOf: (path, container) => this.#pods?.factsOf(path, container),
        log: this.log.child("stream"),
      });
      this.#stream = stream;
      const kernel = await openGuards({ ...this.#options, facts: this.#facts, config: this.#config, stream });
      this.#kernel = kernel;
      stopIfInterrupted(interrupted);
      const scope = openScope(kernel, this.#groups, this.hardening, this.#options.native);
      const secrets = openSecrets(kernel, this.#groups, scope, this.#config.control.socket, this.log);
      this.#secrets = secrets;
      scope.adopt(secrets.groups());
      stream.follow(kernel);
      kernel.listen();
      // Doors that were taken over refuse modules already, and the last agent has loaded these.
      const { problem } = await preloadModules(kernel.tookOver ? [] : this.#config.preloadModules);
      if (problem !== undefined) this.log.info("not all modules were loaded ahead", { problem });
      lookAtDevices(kernel, this.log);
      await this.#rules.apply(kernel, allow, await rulesOfPods(this.#config));
      this.#scope = scope; // only now: who asks for protection before rules are in force is told that the agent starts
      await protectConfigured(scope, this.#config, this.log);
      this.#pods = await startPods({ config: this.#config, scope, kernel, rules: this.#rules, stream, log: this.log });
      this.#health = await startHealthServer(this.#config.health.listen, {
        metrics: this.#makeMetrics(),
        notReady: () => this.notReady(),
        // Without a look at who is protected: anybody can ask here, as often as he likes.
        status: () => publicStatus(this.#report({ processes: [], cgroups: [], workloads: [] })),
      });
      stopIfInterrupted(interrupted);
      const log = this.log.child("watch");
      const notices = createNotices(kernel, stream, this.#groups, log);
      this.#notices = notices;
      const { trim } = this.#options.native;
      const memory = new Memory({ trim, collector: wholeCollection, now: () => performance.now() });
      const tell = () => this.#manager.state(this.#unproved(), this.#config.mode, this.#pods?.notReady());
      const socket = new SocketWatch(this.#control, stream, log);
      this.#watch = new Watch(kernel, scope, notices, log, {
        check: () => {
          void socket.look();
          return this.#rules.round(kernel, secrets).finally(() => memory.giveBack());
        },
        proved: tell,
      });
      this.#watch.every(this.#config.canary.interval);
      const found = { silenced: this.#facts.ftraceEnabled === false, ready: this.notReady().length === 0 };
      notices.started({ version: packageVersion(), mode: this.#config.mode, ...found });
      tell();
      this.#manager.watch();
      stream.evidence.checkpoint("start");
      stream.evidence.every(this.#config.evidence.checkpointSeconds);
      this.selftests.schedule();
      kernel.mayIdle();
      this.#renewal = renewExecutable({ kernel, stopping: () => this.#stopping !== undefined, log: this.log });
    } catch (error) {
      await this.stop(this.#kernel?.tookOver ? "leave" : "detach");
      throw error;
    }
  }

  /** Idempotent. */
  stop(how: "leave" | "detach" = this.authority.stopAs(this.#config.onStop)): Promise<void> {
    this.#stopping ??= this.#stop(how);
    return this.#stopping;
  }

  reload(): Promise<ReloadReport> {
    return this.#reloads.run();
  }

  reopenSinks(): void {
    this.#stream?.reopen();
  }

  notReady(): string[] {
    return [...this.#unproved(), ...(this.#pods?.notReady() ?? [])];
  }

  #unproved(): string[] {
    return this.#scope ? unprovedDoors(this.kernel) : ["starting"];
  }

  /** All who ask while one is made share the next. */
  readonly status = oneAtATime(async (): Promise<StatusReport> => {
    const rules = this.#rules.whole(this.#config);
    const parts = { scope: this.scope, workloadOf: (group: number) => this.#groups.nameOf(group) };
    const overrides = (name: string) => overridesOf(rules, name);
    return this.#report(await takeSnapshot({ ...parts, hardening: this.hardening, overridesOf: overrides }));
  });

  #report(snapshot: Snapshot): StatusReport {
    const stats = this.#stream?.stats;
    const reloads = this.#reloads;
    return statusReport({
      version: packageVersion(),
      node: this.#config.nodeName,
      started: this.#started,
      notReady: this.notReady(),
      mode: this.#config.mode,
      config: { file: this.#options.configFile ?? null, loadedAt: reloads.loadedAt, lastError: reloads.error },
      events: { published: stats?.published ?? 0, lastSeq: this.#stream?.evidence.status().lastSeq ?? 0 },
      sinks: this.#stream?.outlets.reports() ?? [],
      evidence: this.#stream?.evidence.status(),
      kernel: this.kernel,
      facts: this.#facts,
      snapshot,
      warnings: [
        ...this.#rules.warnings,
        ...reloads.warnings,
        ...this.scope.warnings,
        ...nameWarnings(this.#groups),
        ...(this.#pods?.warnings() ?? []),
      ],
      secrets: secretsReport(this.kernel, this.#secrets),
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

  get pods(): KubernetesSource | undefined {
    return this.#config.kubernetes && started(this.#pods);
  }

  #makeMetrics() {
    return createAgentMetrics({
      kernel: this.kernel,
      native: this.#options.native,
      stream: () => this.#stream,
      pods: () => this.#pods?.report(),
      mode: () => this.#config.mode,
      hardening: () => this.hardening.totals(),
      ready: () => this.notReady().length === 0,
      checkpointSeconds: () => this.#config.evidence.checkpointSeconds,
      secrets: () => this.#secrets?.count ?? 0,
      proofFailures: () => this.#watch?.failures ?? 0,
      reload: () => this.#reloads.measures,
      selftests: () => this.selftests,
      onFailure: (family, error) => this.log.warn("a metric could not be read", { family, error }),
    });
  }

  async #stop(how: "leave" | "detach"): Promise<void> {
    this.#manager.stopping();
    await this.#reloads.settle();
    this.#watch?.stop();
    this.#scope?.close();
    await this.#pods?.stop();
    await this.#renewal;
    await this.selftests.stop();
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
    this.#manager.close();
    this.log.info("stopped", { doors: this.#kernel ? how : "none" });
  }
}
