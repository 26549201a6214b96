// SPDX-License-Identifier: Apache-2.0
// Events for the sinks' tests, and receivers on this machine that can be slow, rude, killed and started again.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  createServer as createHttp,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTls, TLSSocket, type TlsOptions } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterAll } from "vitest";
import { Chain } from "../../src/evidence/index.js";
import type { NoticeEvent } from "../../src/formats/index.js";
import { buildNotice } from "../../src/pipeline/notice.js";
import type { Outlets } from "../../src/sinks/index.js";
import { Entry, freshStats } from "../../src/sinks/sink.js";
import { Spool } from "../../src/sinks/spool.js";

export const scratch = mkdtempSync(join(tmpdir(), "ct-delivery-"));
afterAll(() => rmSync(scratch, { recursive: true }));

let directories = 0;

/** An empty one of its own for each call. */
export function freshDirectory(): string {
  const directory = join(scratch, `fresh-${++directories}`);
  mkdirSync(directory);
  return directory;
}

export const hostile = '\u001b[2J"],}{\n<13>1 - - | = ^ \u2028 \\ \ud800 ü 10 <34>';

/** Events that can be told apart by their sequence numbers. */
export class Source {
  readonly chain = new Chain();

  next(over: Partial<Pick<NoticeEvent, "severity">> & { text?: string } = {}): Entry {
    const { event, line } = this.chain.add((place) =>
      buildNotice(
        {
          type: "GUARD_PROVED",
          ...(over.severity === undefined ? {} : { severity: over.severity }),
          detail: { text: over.text ?? "x".repeat(40) },
        },
        place,
        { node: "node-1" },
      ),
    );
    return Entry.of(event, line);
  }

  many(count: number): Entry[] {
    return Array.from({ length: count }, () => this.next());
  }
}

export function publish(outlets: Outlets, entries: readonly Entry[]): void {
  for (const entry of entries) outlets.publish(entry.event, entry.line);
}

export const seqOf = (line: string): number => Number(/"seq":(\d+)/.exec(line)?.[1]);

/** How often each number came; throws if one did not. */
export function countArrivals(seqs: readonly number[], count: number): { most: number; repeated: number } {
  const times = new Map<number, number>();
  for (const seq of seqs) times.set(seq, (times.get(seq) ?? 0) + 1);
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((seq) => !times.has(seq));
  if (missing.length > 0) throw new Error(`${missing.length} of ${count} are missing, the first ${missing[0]}`);
  if (times.size !== count) throw new Error(`${times.size} different ones arrived, not ${count}`);
  return { most: [...times.values()].reduce((one, other) => Math.max(one, other), 0), repeated: seqs.length - count };
}

export interface Certificate {
  ca: string;
  cert: string;
  key: string;
}

/** As a server takes it. */
export const serverTls = ({ cert, key }: Certificate, ca?: string): TlsOptions => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
  ...(ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }),
});

/** A self-signed certificate of its own; it is its own authority. @param expired it ended a day before it began */
export function makeCertificate(name: string, { expired = false } = {}): Certificate {
  const cert = join(scratch, `${name}${expired ? "-old" : ""}.pem`);
  const key = join(scratch, `${name}.key`);
  const openssl = (argv: readonly string[]): void => void execFileSync("openssl", argv, { stdio: "ignore" });
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const how = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  openssl([...how, ...subject, "-keyout", key, "-out", cert]);
  // A new one takes no such time.
  if (expired) openssl(["x509", "-in", cert, "-signkey", key, "-days", "-1", "-out", cert]);
  return { ca: cert, cert, key };
}

/** Reads octet-counted frames; what is none ends up in `faults`. */
class Frames {
  readonly messages: string[] = [];
  readonly faults: string[] = [];
  #rest = Buffer.alloc(0);

  take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const blank = this.#rest.indexOf(0x20);
      if (blank < 0) return;
      const length = Number(this.#rest.toString("latin1", 0, blank));
      if (!Number.isInteger(length) || length <= 0) {
        this.faults.push(this.#rest.toString("latin1", 0, 40));
        return;
      }
      if (this.#rest.length < blank + 1 + length) return;
      this.messages.push(this.#rest.toString("utf8", blank + 1, blank + 1 + length));
      this.#rest = this.#rest.subarray(blank + 1 + length);
    }
  }
}

export class SyslogReceiver {
  readonly messages: string[] = [];
  readonly faults: string[] = [];
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  port = 0;
  connections = 0;
  /** Takes connections and reads nothing of them. */
  deaf = false;

  /** On the port of before, if there was one. @param tls for RFC 5425 */
  async start(tls?: TlsOptions): Promise<void> {
    const onSocket = (socket: Socket): void => {
      this.connections++;
      this.#sockets.add(socket);
      const frames = new Frames();
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
      if (this.deaf) return;
      socket.on("data", (chunk: Buffer) => {
        frames.take(chunk);
        this.messages.push(...frames.messages.splice(0));
        this.faults.push(...frames.faults.splice(0));
      });
    };
    const server = tls === undefined ? createTcp(onSocket) : createTls(tls, onSocket);
    server.on("tlsClientError", () => undefined);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  /** As a kill does: connections are reset, and what was not read is gone. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) {
      if (socket instanceof TLSSocket) socket.destroy();
      else socket.resetAndDestroy();
    }
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    this.#server = undefined;
  }
}

export interface Posted {
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** answer: what to do with a request; without it 200. What was answered with 2xx counts as received. */
export class HttpReceiver {
  readonly received: Posted[] = [];
  answer: (posted: Posted, response: ServerResponse) => void = (_posted, response) => void response.end("{}");
  #server: HttpServer | undefined;
  requests = 0;
  port = 0;

  async start(tls?: TlsOptions): Promise<void> {
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      this.requests++;
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => void chunks.push(chunk));
      request.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const packed = request.headers["content-encoding"] === "gzip";
        const body = (packed ? gunzipSync(bytes) : bytes).toString("utf8");
        const posted = { path: request.url ?? "", headers: request.headers, body };
        response.on("finish", () => {
          if (response.statusCode < 300) this.received.push(posted);
        });
        this.answer(posted, response);
      });
    };
    const server = tls === undefined ? createHttp(onRequest) : createHttps(tls, onRequest);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  get bodies(): string {
    return this.received.map(({ body }) => body).join("");
  }
}

/** An open spool with the limits of a small node, and what it counts. */
export async function openSpool(directory: string, over: Partial<ConstructorParameters<typeof Spool>[0]> = {}) {
  const stats = freshStats();
  const limits = { maxLines: 100_000, maxBytes: 64 * 1024 * 1024, maxSpoolBytes: 1024 * 1024 };
  const spool = new Spool({ directory, ...limits, ...over }, stats);
  await spool.open();
  return { spool, stats };
}
