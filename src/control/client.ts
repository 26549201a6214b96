// SPDX-License-Identifier: Apache-2.0
// The agent's control socket as typed calls. Every failure is a CloudtaserError; those of the agent keep their code.

import { reasonOf } from "../errors/index.js";
import type { FilterOptions } from "../formats/index.js";
import { requestText, type Signer } from "../keys/index.js";
import { type Exchange, exchange, readAnswer, unreachable } from "./exchange.js";
import type { PeerCredentials } from "./peer.js";
import {
  type AddSecretReport,
  type AddSecretRequest,
  type ContainerReport,
  type ContainerRequest,
  heartbeatSeconds,
  type ProtectReport,
  type ProtectRequest,
  type ReloadReport,
  type RemoveSecretRequest,
  routes,
  type SecretReport,
  type SecretsReport,
  type SelftestReport,
  type StatusReport,
  type UnprotectRequest,
  type VectorReport,
} from "./protocol.js";
import { errorFrom } from "./remote-error.js";
import { authorityHeader, digestOfBody } from "./signed.js";

const callTimeoutMs = 30_000;

/** Doors are attached and proved for the first protection, the first secret loads what looks for it, a reload digests what is
 *  allowed: moments that are long on a slow machine. */
const loadTimeoutMs = 300_000;
const longCalls: ReadonlySet<keyof typeof routes> = new Set(["protect", "reload", "addSecret"]);

/** Three missed heartbeats: the agent is stopped or gone. */
const streamTimeoutMs = 3 * heartbeatSeconds * 1000;

/** Characters of one event line; more is not from our agent. */
const maxLine = 1024 * 1024;

export interface EventsOptions {
  /** Events from before. */
  backlog?: number;
  /** false: end after the backlog. */
  follow?: boolean;
  signal?: AbortSignal;
  filter?: FilterOptions;
}

function queryText({ types = [], minSeverity, workloads = [], since }: FilterOptions = {}): string {
  const parameters = new URLSearchParams();
  for (const type of types) parameters.append("type", type);
  for (const workload of workloads) parameters.append("workload", workload);
  if (minSeverity !== undefined) parameters.append("severity", minSeverity);
  if (since !== undefined) parameters.append("since", String(since));
  return parameters.size === 0 ? "" : `&${parameters}`;
}

export class ControlClient {
  readonly socket: string;
  readonly #signer: Pick<Signer, "sign"> | undefined;
  readonly #native: (() => Promise<PeerCredentials>) | undefined;

  /**
   * @param signer signs every request but the stream of events, for what only the authority may ask
   * @param native by which the other end is known to be root's; left out: whoever answers is believed
   */
  constructor(options: {
    socket: string;
    signer?: Pick<Signer, "sign"> | undefined;
    native?: (() => Promise<PeerCredentials>) | undefined;
  }) {
    this.socket = options.socket;
    this.#signer = options.signer;
    this.#native = options.native;
  }

  status(): Promise<StatusReport> {
    return this.#call("status") as Promise<StatusReport>;
  }

  vectors(): Promise<VectorReport[]> {
    return this.#call("vectors") as Promise<VectorReport[]>;
  }

  protect(request: ProtectRequest): Promise<ProtectReport> {
    return this.#call("protect", request) as Promise<ProtectReport>;
  }

  unprotect(request: UnprotectRequest): Promise<ProtectReport> {
    return this.#call("unprotect", request) as Promise<ProtectReport>;
  }

  /** @param timeoutMs of waiting for the answer; a runtime's patience is shorter than a person's */
  container(request: ContainerRequest, timeoutMs: number): Promise<ContainerReport> {
    return this.#call("container", request, undefined, timeoutMs) as Promise<ContainerReport>;
  }

  reload(): Promise<ReloadReport> {
    return this.#call("reload") as Promise<ReloadReport>;
  }

  /** Tells the agent the result of a whole selftest. */
  selftest(report: SelftestReport): Promise<{ noted: boolean }> {
    return this.#call("selftest", report) as Promise<{ noted: boolean }>;
  }

  secrets(): Promise<SecretsReport> {
    return this.#call("secrets") as Promise<SecretsReport>;
  }

  /** The value is not kept here, and left to the caller to overwrite. */
  addSecret({ workload, name, allow, ...flags }: AddSecretRequest, value: Buffer): Promise<AddSecretReport> {
    const query = new URLSearchParams({ workload, name });
    for (const place of allow) query.append("allow", place);
    for (const [flag, on] of Object.entries(flags)) if (on) query.set(flag, "true");
    return this.#call("addSecret", value, query) as Promise<AddSecretReport>;
  }

  removeSecret({ workload, name }: RemoveSecretRequest): Promise<{ removed: SecretReport[] }> {
    const query = new URLSearchParams({ workload, ...(name === undefined ? {} : { name }) });
    return this.#call("removeSecret", undefined, query) as Promise<{ removed: SecretReport[] }>;
  }

  /** Event lines without the newline. Ends when told to by the signal, or after the backlog if it does not follow; throws
   *  when the agent goes away or cuts the stream off. */
  async *events({
    backlog = 0,
    follow = true,
    signal,
    filter,
  }: EventsOptions = {}): AsyncGenerator<string, void, void> {
    const path = `${routes.events.path}?backlog=${backlog}&follow=${follow}${queryText(filter)}`;
    try {
      const options = { method: routes.events.method, path, timeoutMs: streamTimeoutMs, signal };
      const response = await this.#exchange(options);
      let rest = "";
      for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        if (rest.length > maxLine) throw new Error("a line without an end");
        for (const line of lines) if (line !== "") yield this.#checked(line);
      }
    } catch (error) {
      if (signal?.aborted) return;
      throw error instanceof Error && "help" in error ? error : unreachable(this.socket, reasonOf(error), error);
    }
    if (follow && !signal?.aborted) throw unreachable(this.socket, "it closed the stream of events");
  }

  #checked(line: string): string {
    // Cheap test first: a stream is nearly always events.
    if (!line.startsWith('{"error":')) return line;
    const error = errorFrom(JSON.parse(line), this.socket);
    if (error) throw error;
    return line;
  }

  async #call(
    route: Exclude<keyof typeof routes, "events" | "challenge">,
    body?: unknown,
    query?: URLSearchParams,
    timeoutMs = longCalls.has(route) ? loadTimeoutMs : callTimeoutMs,
  ): Promise<unknown> {
    const { method } = routes[route];
    const path = query === undefined ? routes[route].path : `${routes[route].path}?${query}`;
    const headers = this.#signer === undefined ? {} : await this.#sign(this.#signer, method, path, body);
    const response = await this.#exchange({ method, path, body, headers, timeoutMs });
    return readAnswer(response, this.socket);
  }

  async #exchange(options: Omit<Exchange, "socket" | "native">) {
    return exchange({ ...options, socket: this.socket, native: await this.#native?.() });
  }

  async #sign(signer: Pick<Signer, "sign">, method: string, path: string, body: unknown) {
    const { method: get, path: from } = routes.challenge;
    const response = await this.#exchange({ method: get, path: from, timeoutMs: callTimeoutMs });
    const { challenge } = (await readAnswer(response, this.socket)) as { challenge?: unknown };
    if (typeof challenge !== "string") throw unreachable(this.socket, "it gave no challenge to sign");
    const text = requestText({ challenge, method, path, digest: digestOfBody(body) });
    return { [authorityHeader]: `${challenge}.${signer.sign(text)}` };
  }
}
