// SPDX-License-Identifier: Apache-2.0
// GET requests to the API server, bounded in size and time. Token and certificates are read for each of them, since both
// rotate. Redirects are not followed: they could lead the token elsewhere.

import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { Endpoint } from "./endpoint.js";
import { ApiFailure, failureOf, Garbage, TooLarge } from "./failure.js";
import { Lines, Patience } from "./patience.js";

export interface Limits {
  /** Of one page of a list. */
  listBytes: number;
  /** Of one line of a watch. */
  lineBytes: number;
  /** For a list from the request to its last byte, and for the head of any answer. */
  answerMs: number;
  /** Without a byte: bookmarks come about once a minute. */
  silenceMs: number;
}

/** An object in the server's store has 1.5 MiB at most, of which JSON makes six times as much where each byte is escaped. */
const objectBytes = 12 * 1024 * 1024;

export const defaultLimits: Limits = {
  listBytes: objectBytes,
  lineBytes: objectBytes,
  answerMs: 30_000,
  silenceMs: 150_000,
};

export interface Listener {
  /** The server has begun to answer. */
  onOpen(): void;
  /** What it throws ends the watch. */
  onLine(line: string): void;
}

/** What explains a refusal is short. */
const refusalBytes = 64 * 1024;
const longestToken = 16_384;

export class ApiClient {
  readonly #endpoint: Endpoint;
  readonly #limits: Limits;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4, timeout: 60_000 });

  constructor(endpoint: Endpoint, limits: Partial<Limits> = {}) {
    this.#endpoint = endpoint;
    this.#limits = { ...defaultLimits, ...limits };
  }

  get server(): string {
    return this.#endpoint.url;
  }

  /** The parsed answer. Throws CloudtaserError, ApiFailure or Garbage, and of these TooLarge for what has no room. */
  async list(path: string, signal: AbortSignal): Promise<unknown> {
    const within = new Patience(signal, this.#limits.answerMs);
    try {
      const text = await readText(await this.#get(path, within.signal), this.#limits.listBytes);
      return JSON.parse(text) as unknown;
    } catch (thrown) {
      // The parser's own words quote what was sent.
      throw thrown instanceof SyntaxError ? new Garbage("a list that is no JSON") : this.#explained(thrown, within);
    } finally {
      within.end();
    }
  }

  /** Returns when the server ends the watch, or says nothing for too long. @param seconds that it was asked to go on */
  async watch(path: string, seconds: number, listener: Listener, signal: AbortSignal): Promise<void> {
    const { answerMs, silenceMs, lineBytes } = this.#limits;
    const within = new Patience(signal, answerMs);
    let opened = false;
    try {
      const response = await this.#get(path, within.signal);
      opened = true;
      within.allow(seconds * 1000 + answerMs, silenceMs);
      listener.onOpen();
      const lines = new Lines(lineBytes);
      for await (const chunk of response as AsyncIterable<Buffer>) {
        within.heard();
        for (const line of lines.take(chunk)) listener.onLine(line);
      }
    } catch (thrown) {
      if (opened && within.late !== "") return; // a connection that died without a word: the next one tells
      throw this.#explained(thrown, within);
    } finally {
      within.end();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #explained(thrown: unknown, { late }: Patience): unknown {
    if (thrown instanceof CloudtaserError || thrown instanceof ApiFailure || thrown instanceof Garbage) return thrown;
    const fields = { reason: late === "" ? reasonOf(thrown) : late };
    return new CloudtaserError("KUBERNETES_UNREACHABLE", { target: this.server, fields, cause: thrown });
  }

  async #get(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const [token, ca] = await Promise.all([this.#token(), this.#contents(this.#endpoint.caFile, "caFile")]);
    const headers = { accept: "application/json", authorization: `Bearer ${token}`, "user-agent": "cloudtaser" };
    const tls = { ca, minVersion: "TLSv1.2", rejectUnauthorized: true } as const;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(`${this.server}${path}`, { headers, agent: this.#agent, signal, ...tls }, resolve);
      sent.once("error", reject);
      sent.end();
    });
    if (response.statusCode === 200) return response;
    const text = await readText(response, refusalBytes).catch(() => "");
    throw failureOf(this.server, response.statusCode ?? 0, response.headers["retry-after"], text);
  }

  async #token(): Promise<string> {
    const { tokenFile } = this.#endpoint;
    const token = (await this.#contents(tokenFile, "tokenFile")).trim();
    if (token !== "" && token.length <= longestToken && /^[\x21-\x7e]+$/.test(token)) return token;
    const reason = `the file ${tokenFile} holds no token`;
    throw new CloudtaserError("KUBERNETES_UNAUTHORIZED", { target: this.server, fields: { reason } });
  }

  async #contents(path: string, key: string): Promise<string> {
    try {
      return await readFile(path, "utf8");
    } catch (cause) {
      const reason = `kubernetes.${key} cannot be read: ${reasonOf(cause)}`;
      if (key === "tokenFile")
        throw new CloudtaserError("KUBERNETES_UNAUTHORIZED", { target: this.server, fields: { reason }, cause });
      throw new CloudtaserError("KUBERNETES_UNREACHABLE", { target: this.server, fields: { reason }, cause });
    }
  }
}

async function readText(response: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new TooLarge(`an answer of more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
