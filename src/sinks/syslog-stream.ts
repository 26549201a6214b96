// SPDX-License-Identifier: Apache-2.0
// Syslog over TCP or TLS. The protocol has no acknowledgement, so what was written last is kept and sent again when the
// connection is lost: what the receiver had not read yet would be gone otherwise. It is kept by size, not by age: a receiver
// may stand still for any time before it ends.

import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { reasonOf } from "../errors/index.js";
import type { Format } from "../formats/index.js";
import { type TlsFiles, tlsOptions } from "./credentials.js";
import type { Entry } from "./sink.js";
import { octetCounted, syslogMessage } from "./syslog.js";
import { DeliveryError, type Sent, type Transport } from "./transport.js";
import { inTurns } from "./turns.js";

export interface SyslogStreamOptions {
  host: string;
  port: number;
  secure: boolean;
  facility: number;
  format: Format;
  tls?: TlsFiles | undefined;
  connectMs?: number;
  writeMs?: number;
  /** How much of what was written is kept. */
  keepBytes?: number;
}

/** How long after the handshake a refusal is waited for. */
const refusalMs = 250;

interface Kept {
  bytes: Buffer;
  /** With those that were refused. */
  events: number;
}

export class SyslogStream implements Transport {
  readonly most = { events: 500, bytes: 256 * 1024 };
  readonly #options: Required<Omit<SyslogStreamOptions, "tls">> & Pick<SyslogStreamOptions, "tls">;
  #socket: Socket | undefined;
  #failure: Error | undefined;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #keptEvents = 0;
  onLoss: (() => void) | undefined;

  constructor(options: SyslogStreamOptions) {
    // More than the buffers of both kernels hold.
    this.#options = { connectMs: 10_000, writeMs: 30_000, keepBytes: 16 * 1024 * 1024, ...options };
  }

  async send(batch: readonly Entry[], signal: AbortSignal): Promise<Sent> {
    let refused = 0;
    const frames = await inTurns(batch, (entry) => {
      try {
        return octetCounted(syslogMessage(entry, this.#options));
      } catch {
        refused++; // damaged in the spool
        return Buffer.alloc(0);
      }
    });
    const bytes = Buffer.concat(frames);
    await this.#connected(signal);
    if (bytes.length > 0) await this.#write(bytes, signal);
    if (batch.length > 0) this.#keep(bytes, batch.length);
    return { again: [], refused, bytes: bytes.length };
  }

  get owes(): boolean {
    return this.#socket === undefined && this.#kept.length > 0;
  }

  get kept(): number {
    return this.#keptEvents;
  }

  async close(withinMs: number): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    // It closes its side at the end of what it read; one that ends with something unread resets the connection.
    const read = await new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, withinMs, false);
      socket.once("close", (failed: boolean) => resolve(!failed));
      socket.end();
    });
    clearTimeout(timer);
    if (read) {
      this.#kept = [];
      this.#keptBytes = 0;
      this.#keptEvents = 0;
    }
    // What was written is still sent; a receiver that does not take it is not waited for.
    socket.unref();
  }

  /** On a new connection, first what the old one may have lost. */
  async #connected(signal: AbortSignal): Promise<void> {
    if (this.#socket !== undefined) return;
    const failure = this.#failure;
    this.#failure = undefined;
    // Told once, so that it counts as a failed attempt and is not tried again at once.
    if (failure !== undefined) throw new DeliveryError(failure.message, { cause: failure });
    await this.#open(signal);
    for (const { bytes } of this.#kept) if (bytes.length > 0) await this.#write(bytes, signal);
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { host, port, secure, connectMs } = this.#options;
    const tls = secure ? await tlsOptions(this.#options.tls) : {};
    signal.throwIfAborted();
    const name = isIP(host) === 0 && tls.servername === undefined ? { servername: host } : {};
    const socket = secure ? connectTls({ host, port, ...name, ...tls }) : connectTcp({ host, port });
    const stopped = (): void => void socket.destroy(new Error("stopped"));
    signal.addEventListener("abort", stopped, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        // In TLS 1.3 a receiver refuses our certificate only after the handshake is done on this side.
        socket.once(secure ? "secureConnect" : "connect", () => (secure ? setTimeout(resolve, refusalMs) : resolve()));
        socket.once("error", reject);
        socket.once("close", () => reject(new Error("the receiver closed the connection")));
        socket.setTimeout(connectMs, () => reject(new Error(`no connection within ${connectMs / 1000} s`)));
      });
    } catch (cause) {
      socket.on("error", () => undefined);
      socket.destroy();
      throw new DeliveryError(`${host}:${port}: ${reasonOf(cause)}`, { cause });
    } finally {
      signal.removeEventListener("abort", stopped);
    }
    socket.setTimeout(0);
    socket.setKeepAlive(true, 30_000);
    socket.on("error", (error) => this.#lost(socket, error));
    socket.on("end", () => this.#lost(socket, new Error("the receiver closed the connection")));
    socket.on("close", () => this.#lost(socket, new Error("the connection was lost")));
    // A receiver has nothing to say; what it says must not fill memory.
    socket.resume();
    this.#socket = socket;
  }

  #lost(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return;
    this.#failure ??= error;
    this.#socket = undefined;
    socket.destroy();
    if (this.#kept.length > 0) this.onLoss?.();
  }

  async #write(bytes: Buffer, signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    const { writeMs } = this.#options;
    if (socket === undefined) throw new DeliveryError(this.#failure?.message ?? "the connection was lost");
    let timer: NodeJS.Timeout | undefined;
    const stopped = (): void => void socket.destroy(new Error("stopped"));
    signal.addEventListener("abort", stopped, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => {
          const error = new Error(`the receiver took nothing for ${writeMs / 1000} s`);
          reject(error);
          this.#lost(socket, error);
        }, writeMs);
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    } catch (cause) {
      if (cause instanceof Error) this.#lost(socket, cause);
      this.#failure = undefined;
      throw new DeliveryError(reasonOf(cause), { cause });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stopped);
    }
  }

  #keep(bytes: Buffer, events: number): void {
    this.#kept.push({ bytes, events });
    this.#keptBytes += bytes.length;
    this.#keptEvents += events;
    for (let first = this.#kept[0]; first !== undefined; first = this.#kept[0]) {
      if (this.#keptBytes <= this.#options.keepBytes) break;
      this.#keptBytes -= first.bytes.length;
      this.#keptEvents -= first.events;
      this.#kept.shift();
    }
  }
}
