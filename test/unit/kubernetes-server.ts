// SPDX-License-Identifier: Apache-2.0
// An API server as far as a watcher of pods can tell: lists in pages and from a cache, watches with history, bookmarks and
// an end, tokens, rules of access, and the faults of real ones.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { PodObject } from "./kubernetes-objects.js";

type EventType = "ADDED" | "MODIFIED" | "DELETED";

interface Change {
  version: number;
  type: EventType;
  pod: PodObject;
  /** As it was before. */
  before: PodObject | undefined;
}

export interface Request {
  verb: "list" | "watch";
  token: string;
  version: string | undefined;
  /** Name of the page that was asked for. */
  page: string | undefined;
  limit: number | undefined;
  at: number;
}

interface Watcher {
  selects: Selects;
  response: ServerResponse;
  bookmarks: boolean;
}

/** Whether a field selector takes a pod. */
type Selects = (pod: PodObject | undefined) => boolean;

/** What a real one would not do, or does on a bad day. Returns true if it has answered. */
export type Fault = (verb: Request["verb"], response: ServerResponse, request: IncomingMessage) => boolean;

export class ApiServer {
  readonly requests: Request[] = [];
  readonly tokens = new Set(["token-1"]);
  readonly verbs = new Set(["list", "watch"]);
  /** Asked before anything else of each request. */
  fault: Fault | undefined;
  /** Pods that one page holds at most, whatever is asked for. */
  pageSize = 500;
  readonly #pods = new Map<string, PodObject>();
  readonly #watchers = new Set<Watcher>();
  #history: Change[] = [];
  #version = 1000;
  /** Older ones are compacted. */
  #oldest = 0;
  #server: Server | undefined;
  #port = 0;

  constructor(
    readonly files: { tokenFile: string; caFile: string },
    readonly key: string,
  ) {}

  /** With a certificate of its own and a token file in the directory. */
  static async start(directory: string): Promise<ApiServer> {
    const [key, caFile] = [join(directory, "api.key"), join(directory, "ca.crt")];
    const subject = ["-subj", "/CN=kube-apiserver", "-addext", "subjectAltName=IP:127.0.0.1"];
    const how = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", [...how, ...subject, "-keyout", key, "-out", caFile], { stdio: "ignore" });
    const tokenFile = join(directory, "token");
    writeFileSync(tokenFile, "token-1\n");
    const server = new ApiServer({ tokenFile, caFile }, key);
    await server.up();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  get watching(): number {
    return this.#watchers.size;
  }

  /** Comes (again), on the port that it had. */
  async up(): Promise<void> {
    const tls = { key: readFileSync(this.key), cert: readFileSync(this.files.caFile) };
    const server = createServer(tls, (request, response) => this.#route(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Goes away with all its connections. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    this.#watchers.clear();
  }

  put(pod: PodObject): void {
    const { uid } = pod.metadata;
    const known = this.#pods.get(uid);
    const stored = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(++this.#version) } };
    this.#pods.set(uid, stored);
    this.#tell({
      version: this.#version,
      type: known ? "MODIFIED" : "ADDED",
      pod: stored,
      before: known,
    });
  }

  remove(uid: string): void {
    const known = this.#pods.get(uid);
    if (known === undefined) return;
    this.#pods.delete(uid);
    const pod = { ...known, metadata: { ...known.metadata, resourceVersion: String(++this.#version) } };
    this.#tell({ version: this.#version, type: "DELETED", pod, before: known });
  }

  /** Forgets what was, so that watches from before are told 410. */
  compact(): void {
    this.#history = [];
    this.#oldest = ++this.#version;
  }

  bookmark(): void {
    const object = { kind: "Pod", apiVersion: "v1", metadata: { resourceVersion: String(this.#version) } };
    for (const { response, bookmarks } of this.#watchers)
      if (bookmarks) response.write(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
  }

  /** Ends all watches: as a server at its time, or as a network that breaks. */
  endWatches(how: "end" | "break"): void {
    for (const { response } of this.#watchers) {
      if (how === "end") response.end();
      else response.socket?.destroy();
    }
    this.#watchers.clear();
  }

  /** Writes this into all watches. */
  write(text: string): void {
    for (const { response } of this.#watchers) response.write(text);
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const watcher of this.#watchers) this.#send(watcher, change);
  }

  /** A pod that comes to be selected, or no longer is, is one that is added or deleted to who watches. */
  #send({ selects, response }: Watcher, { type, pod, before }: Change): void {
    const [is, was] = [type !== "DELETED" && selects(pod), selects(before)];
    if (!is && !was) return;
    const told: EventType = is ? (was ? "MODIFIED" : "ADDED") : "DELETED";
    // One that leaves is told as it was, as the server's cache of watches does it.
    const shown = is || before === undefined ? pod : { ...before, metadata: pod.metadata };
    const object = { kind: "Pod", apiVersion: "v1", ...shown };
    response.write(`${JSON.stringify({ type: told, object })}\n`);
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    const query = url.searchParams;
    const verb = query.get("watch") === "true" ? "watch" : "list";
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const version = query.get("resourceVersion") ?? undefined;
    const limit = query.has("limit") ? Number(query.get("limit")) : undefined;
    this.requests.push({
      verb,
      token,
      version,
      limit,
      page: query.get("continue") ?? undefined,
      at: performance.now(),
    });
    if (this.fault?.(verb, response, request)) return;
    const selects = selector(query.get("fieldSelector") ?? "");
    if (!this.tokens.has(token)) status(response, 401, "Unauthorized", "Unauthorized");
    else if (request.method !== "GET" || url.pathname !== "/api/v1/pods")
      status(response, 404, "NotFound", "the server could not find the requested resource");
    else if (!this.verbs.has(verb)) status(response, 403, "Forbidden", forbidden(verb));
    else if (verb === "watch") this.#watch(selects, query, response);
    else this.#list(selects, query, response);
  }

  #list(selects: Selects, query: URLSearchParams, response: ServerResponse): void {
    const page = query.get("continue");
    const [snapshot = this.#version, from = 0] = page ? page.split(".").map(Number) : [];
    if (page && snapshot < this.#oldest) {
      status(response, 410, "Expired", "The provided continue parameter is too old to display a consistent list.");
      return;
    }
    const pods = [...this.#pods.values()].filter(selects);
    // From the cache ("0") all come at once, whatever the limit.
    const cached = query.get("resourceVersion") === "0";
    const size = cached ? pods.length : Math.min(this.pageSize, Number(query.get("limit") ?? pods.length));
    const items = pods.slice(from, from + size);
    const more = from + size < pods.length ? { continue: `${snapshot}.${from + size}` } : {};
    const metadata = { resourceVersion: String(snapshot), ...more };
    json(response, 200, { kind: "PodList", apiVersion: "v1", metadata, items });
  }

  #watch(selects: Selects, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get("resourceVersion") ?? "0");
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (from < this.#oldest) {
      const object = statusObject(410, "Expired", `too old resource version: ${from} (${this.#oldest})`);
      response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
      return;
    }
    const watcher = { selects, response, bookmarks: query.get("allowWatchBookmarks") === "true" };
    for (const change of this.#history.filter(({ version }) => version > from)) this.#send(watcher, change);
    this.#watchers.add(watcher);
    const seconds = Number(query.get("timeoutSeconds") ?? "1800");
    const end = setTimeout(() => {
      // Now: until it is closed, nothing more may be written.
      this.#watchers.delete(watcher);
      response.end();
    }, seconds * 1000);
    response.once("close", () => {
      clearTimeout(end);
      this.#watchers.delete(watcher);
    });
  }
}

/** "FIELD=VALUE" and "FIELD!=VALUE", separated by commas. */
function selector(text: string): Selects {
  const terms = text.split(",").map((term) => /^([\w.]+?)(!?=)(.*)$/.exec(term) ?? []);
  return (pod) => {
    if (pod === undefined) return false;
    const fields: Record<string, unknown> = { "spec.nodeName": pod.spec.nodeName, "status.phase": pod.status["phase"] };
    return terms.every(([, field = "", how, value]) => (fields[field] === value) === (how === "="));
  };
}

function forbidden(verb: string): string {
  const user = "system:serviceaccount:cloudtaser-system:cloudtaser";
  return `pods is forbidden: User "${user}" cannot ${verb} resource "pods" in API group "" at the cluster scope`;
}

function statusObject(code: number, reason: string, message: string) {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
}

export function status(response: ServerResponse, code: number, reason: string, message: string): void {
  json(response, code, statusObject(code, reason, message));
}

function json(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
