// SPDX-License-Identifier: Apache-2.0
// The pods of this node as a source of what is protected: API server, control groups and the reconcile between them.

import { type FSWatcher, statSync, watch } from "node:fs";
import type { KubernetesConfig } from "../config/index.js";
import type { CloudtaserError } from "../errors/index.js";
import type { Log } from "../log/index.js";
import { type PodWish, wishFor } from "./asking.js";
import { CgroupTree } from "./cgroups.js";
import { ApiClient, type Limits } from "./client.js";
import type { DelayOptions } from "./delays.js";
import { endpointOf } from "./endpoint.js";
import type { PodGuard } from "./guard.js";
import { GuardedPods } from "./guarded.js";
import { Informer } from "./informer.js";
import type { Memory } from "./memory.js";
import { Reconciler } from "./reconcile.js";
import { type PodFacts, PodStore } from "./store.js";
import { type PodNotice, Tell } from "./telling.js";

export interface SourceOptions {
  config: KubernetesConfig;
  /** As the kubelet calls it. */
  node: string;
  env: Readonly<Record<string, string | undefined>>;
  guard: PodGuard;
  memory: Memory;
  announce(notice: PodNotice): void;
  log: Log;
  /** For tests; the product takes what stands here. */
  tree?: CgroupTree;
  limits?: Partial<Limits>;
  delays?: DelayOptions;
  watchSeconds?: number;
  awayAfterMs?: number;
}

export interface SourceReport {
  server: string;
  synced: boolean;
  /** "" while the server answers. */
  failure: string;
  pods: number;
  /** Pods that are to be protected. */
  wanted: number;
  unguarded: number;
  watchRestarts: number;
  garbage: number;
  /** Unix seconds; of the start as long as nothing was heard. */
  lastHeard: number;
  lastReconcileSeconds: number;
  longestReconcileSeconds: number;
}

/** New groups are told by the kernel; this is for what it does not tell. */
const passEveryMs = 10_000;
/** An API server that restarts is no news. */
const awayAfterMs = 60_000;

export class KubernetesSource {
  readonly #options: SourceOptions;
  readonly #store = new PodStore();
  readonly #tree: CgroupTree;
  readonly #pods: GuardedPods;
  readonly #tell: Tell;
  readonly #client: ApiClient;
  readonly #informer: Informer;
  readonly #reconciler: Reconciler;
  readonly #watchers = new Map<string, { watcher: FSWatcher; inode: number | undefined }>();
  #config: KubernetesConfig;
  #timer: NodeJS.Timeout | undefined;
  #away: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #toldAway = false;
  #stopped = false;

  /** Throws KUBERNETES_UNCONFIGURED. */
  constructor(options: SourceOptions) {
    const { config, node, env, guard, memory, announce, log } = options;
    this.#options = options;
    this.#config = config;
    this.#tree = options.tree ?? new CgroupTree({ more: config.cgroups });
    this.#pods = new GuardedPods(memory, config);
    this.#tell = new Tell(announce);
    this.#client = new ApiClient(endpointOf(config, env), options.limits);
    const { delays, watchSeconds } = options;
    this.#informer = new Informer({
      client: this.#client,
      node,
      store: this.#store,
      onChange: () => this.look(),
      onReach: (error) => this.#reach(error),
      ...(delays === undefined ? {} : { delays }),
      ...(watchSeconds === undefined ? {} : { watchSeconds }),
    });
    this.#reconciler = new Reconciler({
      store: this.#store,
      pods: this.#pods,
      tree: this.#tree,
      guard,
      selection: () => this.#config,
      synced: () => this.#informer.synced,
      tell: this.#tell,
      log,
    });
  }

  /** What an earlier agent protected is protected when it resolves; pods of the API follow when it answers. */
  async start(): Promise<void> {
    await this.#reconciler.run();
    this.#follow();
    this.#informer.start();
    this.#timer = setInterval(() => this.look(), passEveryMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#away);
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await this.#informer.stop();
    this.#client.close();
  }

  /** New selectors; a new server or other files need a restart. */
  async configure(config: KubernetesConfig): Promise<void> {
    this.#config = config;
    this.#tree.also(config.cgroups);
    await this.#reconciler.configured();
  }

  /** Something may have changed. */
  look(): void {
    if (this.#stopped) return;
    const looking = this.#reconciler.run();
    if (looking === this.#looking) return; // all that comes during one look is followed by it
    this.#looking = looking;
    void looking.then(() => this.#follow());
  }

  factsOf(cgroupPath: string | undefined, containerId: string | undefined): PodFacts | undefined {
    const uid = cgroupPath === undefined ? undefined : this.#reconciler.uidOf(cgroupPath);
    return uid === undefined ? undefined : this.#store.factsOf(uid, containerId);
  }

  /** What is to become of a container that is about to start in this control group. */
  wishFor(cgroup: string, patienceMs: number): Promise<PodWish> {
    const answers = (): boolean => !this.#stopped && this.#informer.synced && this.#informer.failure === undefined;
    const reconcile = (): Promise<void> => this.#reconciler.run();
    return wishFor({ store: this.#store, pods: this.#pods, reconcile, answers }, cgroup, patienceMs);
  }

  /** Why pods may be unprotected that nobody knows of yet; [] when a whole list has come. */
  notReady(): string[] {
    if (this.#informer.synced) return [];
    return [`pods of this node: ${this.#informer.failure?.message ?? "the API server has not answered yet"}`];
  }

  warnings(): string[] {
    const { failure } = this.#informer;
    const { unguarded, doubled } = this.#reconciler;
    const pods = unguarded === 1 ? "1 pod runs" : `${unguarded} pods run`;
    const several = doubled === 1 ? "1 pod has" : `${doubled} pods have`;
    return [
      ...(failure === undefined ? [] : [`${failure.message}. ${failure.help}`]),
      ...(unguarded === 0 ? [] : [`${pods} unprotected: see POD_UNGUARDED events`]),
      ...(doubled === 0
        ? []
        : [`${several} several control groups: all are protected, and one may be a decoy; the log names them`]),
    ];
  }

  report(): SourceReport {
    const { stats, synced, failure } = this.#informer;
    return {
      server: this.#client.server,
      synced,
      failure: failure?.message ?? "",
      pods: this.#store.size,
      wanted: this.#pods.size,
      unguarded: this.#reconciler.unguarded,
      watchRestarts: stats.restarts,
      garbage: stats.garbage,
      lastHeard: stats.lastHeard / 1000,
      lastReconcileSeconds: this.#reconciler.lastMs / 1000,
      longestReconcileSeconds: this.#reconciler.longestMs / 1000,
    };
  }

  /** The kernel tells of new groups in the directories of the last pass. */
  #follow(): void {
    if (this.#stopped) return;
    const wanted = new Set([this.#tree.mount, ...this.#reconciler.watched]);
    for (const [path, { watcher, inode }] of this.#watchers) {
      // Another directory of that name is not the one that is watched.
      if (wanted.has(path) && inodeOf(path) === inode) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    let more = false;
    for (const path of wanted) {
      if (this.#watchers.has(path)) continue;
      try {
        const inode = inodeOf(path);
        // Files of a group change too, under memory pressure often.
        const watcher = watch(path, { persistent: false }, (event) => event === "rename" && this.look());
        watcher.on("error", () => {
          watcher.close();
          this.#watchers.delete(path);
        });
        this.#watchers.set(path, { watcher, inode });
        more = true;
      } catch {
        // It went, or there are no watches left: the rounds go on.
      }
    }
    // What appeared before it was watched.
    if (more) this.look();
  }

  #reach(error: CloudtaserError | undefined): void {
    const { log } = this.#options;
    if (error === undefined) {
      clearTimeout(this.#away);
      this.#away = undefined;
      log.info("the API server answers");
      if (this.#toldAway) this.#tell.problem("KUBERNETES_BACK", "the API server answers again");
      this.#toldAway = false;
      return;
    }
    log.warn("the API server tells nothing; what is protected stays so", { error });
    // From the first failure on, whatever the later ones say.
    this.#away ??= setTimeout(() => {
      this.#toldAway = true;
      this.#tell.problem("KUBERNETES_AWAY", this.#informer.failure?.message ?? error.message);
    }, this.#options.awayAfterMs ?? awayAfterMs).unref();
  }
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;
