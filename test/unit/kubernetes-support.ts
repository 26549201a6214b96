// SPDX-License-Identifier: Apache-2.0
// A source on an API server and a cgroup mount of this test, with a guard that writes down what it was asked for.

import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { CgroupTree } from "../../src/kubernetes/cgroups.js";
import type { Limits } from "../../src/kubernetes/client.js";
import type { PodGuard, PodNotice, PodRules } from "../../src/kubernetes/index.js";
import { fileMemory } from "../../src/kubernetes/memory.js";
import { KubernetesSource } from "../../src/kubernetes/source.js";
import { createLog } from "../../src/log/index.js";
import { makeMount, node, type PodObject, podCgroup } from "./kubernetes-objects.js";
import { ApiServer } from "./kubernetes-server.js";

export const patience = { timeout: 50_000, interval: 5 };

/** In the order of the calls. */
export class FakeGuard implements PodGuard {
  readonly calls: string[] = [];
  readonly now = new Map<string, string>();
  /** As the kernel's table: by the id of each group, which the next one of its path does not have. */
  readonly table = new Set<bigint>();
  /** Workloads whose protection was ended. */
  readonly ended: string[] = [];
  ruled: Record<string, PodRules> = {};
  /** Pods that may have rules of their own. */
  room = Number.POSITIVE_INFINITY;
  /** Thrown by protect() while it is set. */
  fault: Error | undefined;

  constructor(readonly mount: string) {}

  #idOf(cgroup: string): bigint | undefined {
    return statSync(join(this.mount, cgroup), { bigint: true, throwIfNoEntry: false })?.ino;
  }

  holds(cgroup: string): boolean {
    return this.table.has(this.#idOf(cgroup) ?? 0n);
  }

  async rules(workloads: readonly { name: string; rules: PodRules }[]): Promise<string[]> {
    this.calls.push("rules");
    const fitting = workloads.slice(0, this.room);
    this.ruled = Object.fromEntries(fitting.map(({ name, rules }) => [name, rules]));
    return workloads.slice(this.room).map(({ name }) => name);
  }

  async protect(groups: readonly { cgroup: string; workload: string }[]): Promise<unknown[]> {
    return groups.map(({ cgroup, workload }) => {
      this.calls.push(`protect ${cgroup}`);
      if (this.fault) return this.fault;
      const id = this.#idOf(cgroup);
      if (id === undefined) return new Error(`no control group ${cgroup}`);
      this.table.add(id);
      this.now.set(cgroup, workload);
      return undefined;
    });
  }

  async gone(cgroup: string): Promise<void> {
    this.calls.push(`gone ${cgroup}`);
    this.now.delete(cgroup);
  }

  async unprotect(cgroup: string, workload: string): Promise<void> {
    this.ended.push(workload);
    this.calls.push(`unprotect ${cgroup}`);
    this.now.delete(cgroup);
  }
}

export class Cluster {
  readonly directory = mkdtempSync(join(tmpdir(), "ct-kubernetes-"));
  readonly mount = makeMount(join(this.directory, "cgroup"));
  readonly notices: PodNotice[] = [];
  readonly lines: string[] = [];
  guard = new FakeGuard(this.mount);
  awayAfterMs = 60_000;
  #server: ApiServer | undefined;
  readonly #sources: KubernetesSource[] = [];

  async up(): Promise<void> {
    this.#server = await ApiServer.start(this.directory);
  }

  get server(): ApiServer {
    if (this.#server === undefined) throw new Error("no server");
    return this.#server;
  }

  get config() {
    const { kubernetes } = configSchema.parse({ kubernetes: { apiServer: this.server.url, ...this.server.files } });
    if (kubernetes === undefined) throw new Error("no kubernetes");
    return kubernetes;
  }

  source(limits: Partial<Limits> = {}, config: object = {}): KubernetesSource {
    const source = new KubernetesSource({
      config: { ...this.config, ...config },
      node,
      env: {},
      guard: this.guard,
      memory: fileMemory(join(this.directory, "pods.json")),
      announce: (notice) => this.notices.push(notice),
      log: createLog({ level: "debug", write: (line) => this.lines.push(line) }),
      tree: new CgroupTree({ mount: this.mount, owner: process.getuid?.() ?? 0, self: join(this.directory, "self") }),
      limits,
      delays: { firstMs: 10, longestMs: 100 },
      awayAfterMs: this.awayAfterMs,
    });
    this.#sources.push(source);
    return source;
  }

  async started(limits: Partial<Limits> = {}, config: object = {}): Promise<KubernetesSource> {
    const source = this.source(limits, config);
    await source.start();
    return source;
  }

  /** The kubelet makes the pod's group. */
  makeCgroup({ metadata }: PodObject): string {
    const path = podCgroup(metadata.uid, "systemd", "Burstable");
    mkdirSync(join(this.mount, path), { recursive: true });
    return path;
  }

  removeCgroup(path: string): void {
    rmSync(join(this.mount, path), { recursive: true });
  }

  async end(): Promise<void> {
    await Promise.all(this.#sources.splice(0).map((source) => source.stop()));
    await this.#server?.down();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export const until = (check: () => void): Promise<void> => vi.waitFor(check, patience);
