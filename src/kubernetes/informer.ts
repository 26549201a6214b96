// SPDX-License-Identifier: Apache-2.0
// List, then watch from where the list stood, for ever. What ends a watch is no fault; what was known stays known until a
// new list replaces it, so that an API server that is away takes nobody's protection.

import { setTimeout as wait } from "node:timers/promises";
import { CloudtaserError, reasonOf, toCloudtaserError } from "../errors/index.js";
import type { ApiClient } from "./client.js";
import { type DelayOptions, Delays } from "./delays.js";
import { ApiFailure, failureOf, Garbage, TooLarge } from "./failure.js";
import { fieldsOf, type Pod, podOf } from "./pod.js";
import type { PodStore } from "./store.js";

export interface InformerOptions {
  client: Pick<ApiClient, "list" | "watch" | "server">;
  node: string;
  store: PodStore;
  /** Something of the store was changed. */
  onChange(): void;
  /** The server answers again, or (with the error) no longer; each change once. */
  onReach(error: CloudtaserError | undefined): void;
  /** Seconds that a watch is asked to go on; chance makes it up to a quarter longer. */
  watchSeconds?: number;
  delays?: DelayOptions;
}

export interface InformerStats {
  /** Watches that were begun after the first one. */
  restarts: number;
  lists: number;
  /** Objects and lines that made no sense. */
  garbage: number;
  /** Unix milliseconds when the server last told something; when it was first asked as long as it has told nothing. */
  lastHeard: number;
}

/** Few, since one object may be large; halved where they are. */
const pageSize = 20;
/** A node has some hundred pods; whoever may write pods may write more for it. */
const mostPages = 10_000;
/** A watch that lived so long was no failure, however it ended. */
const livedMs = 5_000;
const versionForm = /^[A-Za-z0-9_.-]{1,128}$/;

export class Informer {
  readonly stats: InformerStats = { restarts: 0, lists: 0, garbage: 0, lastHeard: 0 };
  readonly #options: InformerOptions;
  readonly #delays: Delays;
  readonly #end = new AbortController();
  #version: string | undefined;
  #watched = false;
  /** Answers that what was asked for is too old, since the last whole list. */
  #gone = 0;
  #failure: CloudtaserError | undefined;
  #running: Promise<void> | undefined;
  #synced = false;

  constructor(options: InformerOptions) {
    this.#options = options;
    this.#delays = new Delays(options.delays);
  }

  start(): void {
    if (this.#running === undefined) this.stats.lastHeard = Date.now();
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  /** A whole list has come once. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Why the server tells nothing now; undefined while it does. */
  get failure(): CloudtaserError | undefined {
    return this.#failure;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const began = performance.now();
      let atLeastMs = 0;
      try {
        if (this.#version === undefined) await this.#list();
        await this.#watch();
      } catch (thrown) {
        if (signal.aborted) return;
        atLeastMs = this.#failed(thrown);
      }
      if (performance.now() - began >= livedMs) this.#delays.reset();
      await wait(this.#delays.next(atLeastMs), undefined, { signal }).catch(() => {});
    }
  }

  /** Returns how long the server wants to be left alone. */
  #failed(thrown: unknown): number {
    const gone = thrown instanceof ApiFailure && thrown.gone;
    if (gone || thrown instanceof Garbage) this.#version = undefined;
    if (thrown instanceof Garbage) this.stats.garbage++;
    // Once is a matter of course; a list that is too old each time tells nothing either.
    if (gone && ++this.#gone < 3) return 0;
    const error = thrown instanceof ApiFailure ? thrown.error : toCloudtaserError(this.#wrapped(thrown), "kubernetes");
    const before = this.#failure;
    this.#failure = error;
    if (before?.code !== error.code) this.#options.onReach(error);
    return thrown instanceof ApiFailure ? thrown.retryAfterMs : 0;
  }

  #wrapped(thrown: unknown): unknown {
    if (thrown instanceof CloudtaserError) return thrown;
    const fields = { reason: reasonOf(thrown) };
    return new CloudtaserError("KUBERNETES_UNREACHABLE", {
      target: this.#options.client.server,
      fields,
      cause: thrown,
    });
  }

  #heard(): void {
    this.stats.lastHeard = Date.now();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#options.onReach(undefined);
  }

  #query(more: Readonly<Record<string, string>>): string {
    // What has ended may lie about in any number.
    const fieldSelector = `spec.nodeName=${this.#options.node},status.phase!=Succeeded,status.phase!=Failed`;
    return `/api/v1/pods?${new URLSearchParams({ fieldSelector, ...more })}`;
  }

  async #list(): Promise<void> {
    const { client, store, onChange } = this.#options;
    // The first from the server's cache, which costs it little, and which heeds no limit; later ones must not be older than
    // what is known.
    let cached = !this.#synced;
    const pods: Pod[] = [];
    let page = "";
    let size = pageSize;
    let version: unknown;
    for (let pages = 0; ; pages++) {
      if (pages === mostPages) throw new Garbage(`a list of more than ${mostPages} pages`);
      const from: Record<string, string> = page === "" ? {} : { continue: page };
      const query = cached ? { resourceVersion: "0" } : { limit: String(size), ...from };
      let answer: Readonly<Record<string, unknown>>;
      try {
        answer = fieldsOf(await client.list(this.#query(query), this.#end.signal));
      } catch (thrown) {
        if (!(thrown instanceof TooLarge) || (!cached && size === 1)) throw thrown;
        if (!cached) size = Math.floor(size / 2);
        cached = false;
        continue;
      }
      if (answer["kind"] !== "PodList" || !(Array.isArray(answer["items"]) || answer["items"] === null))
        throw new Garbage("a list that is no list of pods");
      const before = pods.length;
      for (const item of (answer["items"] ?? []) as unknown[]) this.#take(item, (pod) => pods.push(pod));
      // Those of a page are not to wait for the pages of others.
      for (const pod of pods.slice(before)) store.set(pod);
      if (pods.length > before) onChange();
      const metadata = fieldsOf(answer["metadata"]);
      version = metadata["resourceVersion"];
      page = typeof metadata["continue"] === "string" ? metadata["continue"] : "";
      if (page === "") break;
    }
    if (typeof version !== "string" || !versionForm.test(version)) throw new Garbage("a list without resourceVersion");
    this.stats.lists++;
    this.#gone = 0;
    this.#version = version;
    store.replace(pods);
    this.#synced = true;
    this.#heard();
    onChange();
  }

  async #watch(): Promise<void> {
    const { client, watchSeconds = 240 } = this.#options;
    if (this.#watched) this.stats.restarts++;
    this.#watched = true;
    const seconds = Math.ceil(watchSeconds * (1 + Math.random() / 4));
    const query = this.#query({
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: this.#version ?? "0",
      timeoutSeconds: String(seconds),
    });
    const listener = { onOpen: () => this.#heard(), onLine: (line: string) => this.#line(line) };
    await client.watch(query, seconds, listener, this.#end.signal);
  }

  #line(line: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      throw new Garbage("a line of a watch that is no JSON");
    }
    const { type, object } = fieldsOf(parsed);
    const fields = fieldsOf(object);
    if (type === "ERROR") {
      const code = typeof fields["code"] === "number" ? fields["code"] : 0;
      throw failureOf(this.#options.client.server, code, undefined, JSON.stringify(fields));
    }
    const version = fieldsOf(fields["metadata"])["resourceVersion"];
    const { store, onChange } = this.#options;
    if (type === "ADDED" || type === "MODIFIED") this.#take(object, (pod) => store.set(pod));
    else if (type === "DELETED") this.#take(object, (pod) => store.delete(pod.uid));
    else if (type !== "BOOKMARK") this.stats.garbage++;
    if (typeof version === "string" && versionForm.test(version)) this.#version = version;
    this.#heard();
    if (type !== "BOOKMARK") onChange();
  }

  #take(object: unknown, use: (pod: Pod) => void): void {
    const pod = podOf(object, this.#options.node);
    if (pod === undefined) this.stats.garbage++;
    else use(pod);
  }
}
