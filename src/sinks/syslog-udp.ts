// SPDX-License-Identifier: Apache-2.0
// Syslog over UDP (RFC 5426): one datagram an event. Nobody knows whether it arrives; only what the kernel refuses is tried
// again.

import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { reasonOf } from "../errors/index.js";
import type { Format } from "../formats/index.js";
import type { Entry } from "./sink.js";
import { syslogMessage } from "./syslog.js";
import { DeliveryError, type Sent, type Transport } from "./transport.js";

export interface SyslogUdpOptions {
  host: string;
  port: number;
  facility: number;
  format: Format;
}

/** Longer ones do not fit into a datagram. */
const maxMessage = 65_507;

export class SyslogUdp implements Transport {
  readonly most = { events: 64, bytes: 64 * 1024 };
  readonly #options: SyslogUdpOptions;
  #socket: Socket | undefined;

  constructor(options: SyslogUdpOptions) {
    this.#options = options;
  }

  async send(batch: readonly Entry[]): Promise<Sent> {
    const socket = await this.#connected();
    let refused = 0;
    let bytes = 0;
    for (const [index, entry] of batch.entries()) {
      let message: Buffer;
      try {
        message = syslogMessage(entry, this.#options);
      } catch {
        refused++; // damaged in the spool
        continue;
      }
      if (message.length > maxMessage) {
        refused++;
        continue;
      }
      try {
        await sendOne(socket, message);
        bytes += message.length;
      } catch (cause) {
        this.close();
        return { again: batch.slice(index), refused, bytes, reason: reasonOf(cause) };
      }
    }
    return { again: [], refused, bytes };
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  async #connected(): Promise<Socket> {
    if (this.#socket !== undefined) return this.#socket;
    const { host, port } = this.#options;
    try {
      const { address, family } = await lookup(host);
      const socket = createSocket(family === 6 ? "udp6" : "udp4");
      // Such as "connection refused", for a datagram before: which one, nobody says.
      socket.on("error", () => undefined);
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.connect(port, address, () => resolve());
      });
      socket.unref();
      this.#socket = socket;
      return socket;
    } catch (cause) {
      throw new DeliveryError(`${host}:${port}: ${reasonOf(cause)}`, { cause });
    }
  }
}

function sendOne(socket: Socket, message: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => (error ? reject(error) : resolve()));
  });
}
