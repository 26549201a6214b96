// SPDX-License-Identifier: Apache-2.0
// Batches over HTTP(S). Delivered is what the receiver answered 2xx for; redirects are not followed, since they could lead
// a token elsewhere.

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { promisify } from "node:util";
import { gzip as gzipCallback } from "node:zlib";
import { reasonOf } from "../errors/index.js";
import type { Format } from "../formats/index.js";
import { retryAfter } from "./backoff.js";
import { readToken, type TlsFiles, tlsOptions } from "./credentials.js";
import { type Body, type Protocol, type ProtocolName, protocolOf } from "./http-body.js";
import type { Entry } from "./sink.js";
import { DeliveryError, indigestible, type Sent, type Transport } from "./transport.js";
import { inTurns } from "./turns.js";

export interface HttpOptions {
  url: string;
  protocol: ProtocolName;
  format: Format;
  index: string;
  tokenFile?: string | undefined;
  scheme?: string | undefined;
  gzip: boolean;
  maxEvents: number;
  maxBytes: number;
  timeoutMs: number;
  tls?: TlsFiles | undefined;
}

interface Answer {
  status: number;
  text: string;
  retryAfterMs: number;
}

const gzip = promisify(gzipCallback);

/** Of an answer; more is no answer of such a receiver. */
const maxAnswer = 4 * 1024 * 1024;

export class HttpTransport implements Transport {
  readonly most: { events: number; bytes: number };
  readonly #options: HttpOptions;
  readonly #protocol: Protocol;
  readonly #secure: boolean;
  readonly #agent: HttpAgent;

  constructor(options: HttpOptions) {
    const { href, protocol } = new URL(options.url);
    this.#options = { ...options, url: href };
    this.most = { events: options.maxEvents, bytes: options.maxBytes };
    this.#protocol = protocolOf(options.protocol, options);
    this.#secure = protocol === "https:";
    const keep = { keepAlive: true, maxSockets: 1, timeout: 60_000 };
    this.#agent = this.#secure ? new HttpsAgent(keep) : new HttpAgent(keep);
  }

  async send(batch: readonly Entry[], signal: AbortSignal): Promise<Sent> {
    let body: Body;
    try {
      const items = await inTurns(batch, (entry) => this.#protocol.item(entry));
      body = this.#protocol.body(items, batch);
    } catch (cause) {
      throw new DeliveryError(`an event cannot be formatted: ${reasonOf(cause)}`, { indigestible: true, cause });
    }
    const bytes = this.#options.gzip ? await gzip(body.text) : Buffer.from(body.text);
    const answer = await this.#post(bytes, body.contentType, signal);
    if (answer.status < 200 || answer.status > 299) {
      // An answer's text may quote what was sent, so it is not told.
      throw new DeliveryError(`${this.#place()} answered ${answer.status}`, {
        retryAfterMs: answer.retryAfterMs,
        indigestible: indigestible.has(answer.status),
      });
    }
    try {
      const sent = this.#protocol.judge(batch, answer.text);
      return { ...sent, bytes: bytes.length, retryAfterMs: answer.retryAfterMs };
    } catch (cause) {
      throw new DeliveryError(`${this.#place()} gave no usable answer: ${reasonOf(cause)}`, { cause });
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Without path and query: either may hold a secret, as the addresses of chat services do. */
  #place(): string {
    return new URL(this.#options.url).origin;
  }

  async #post(bytes: Buffer, contentType: string, signal: AbortSignal): Promise<Answer> {
    const { url, tokenFile, scheme, timeoutMs, tls } = this.#options;
    const headers: Record<string, string | number> = {
      "content-type": contentType,
      "content-length": bytes.length,
      "user-agent": "cloudtaser",
      ...(this.#options.gzip ? { "content-encoding": "gzip" } : {}),
    };
    if (tokenFile !== undefined) {
      headers["authorization"] = `${scheme ?? this.#protocol.scheme} ${await readToken(tokenFile)}`;
    }
    const secrets = this.#secure ? await tlsOptions(tls) : {};
    const within = new AbortController();
    const stop = (): void => within.abort();
    const timer = setTimeout(stop, timeoutMs);
    signal.addEventListener("abort", stop, { once: true });
    // It may have come while the body was packed or a file read.
    if (signal.aborted) stop();
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { method: "POST", headers, agent: this.#agent, signal: within.signal, ...secrets };
        const sent = this.#secure ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve);
        sent.once("error", reject);
        sent.end(bytes);
      });
      return {
        status: response.statusCode ?? 0,
        text: await readText(response),
        retryAfterMs: retryAfter(response.headers["retry-after"]),
      };
    } catch (cause) {
      const late = within.signal.aborted && !signal.aborted;
      const reason = late ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause);
      throw new DeliveryError(`${this.#place()}: ${reason}`, { cause });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswer) throw new Error(`an answer of more than ${maxAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
