// SPDX-License-Identifier: Apache-2.0
// Sinks on receivers of this machine, taken down after each test.

import { afterEach, expect, vi } from "vitest";
import { native } from "../../src/formats/index.js";
import { BatchSink } from "../../src/sinks/batch.js";
import { HttpTransport } from "../../src/sinks/http.js";
import { freshStats, type Sink } from "../../src/sinks/sink.js";
import { Spool } from "../../src/sinks/spool.js";
import { MemoryStore } from "../../src/sinks/store.js";
import { SyslogStream } from "../../src/sinks/syslog-stream.js";
import type { Transport } from "../../src/sinks/transport.js";
import { type Certificate, HttpReceiver, SyslogReceiver, seqOf, serverTls } from "./sinks-support.js";

const limits = { maxLines: 1_000_000, maxBytes: 1024 * 1024 * 1024 };
export const patience = 60_000;
let number = 0;

const open: { close(timeoutMs?: number): Promise<void> }[] = [];
const receivers: { kill(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close(100)));
  await Promise.all(receivers.splice(0).map((one) => one.kill()));
});

export function sinkOn(transport: Transport, { spool = "" } = {}): Sink {
  const stats = freshStats();
  const store =
    spool === ""
      ? new MemoryStore(limits, stats)
      : new Spool({ directory: spool, maxSpoolBytes: 1024 * 1024 * 1024, ...limits }, stats);
  const backoff = { firstMs: 20, longestMs: 200 };
  const sink = new BatchSink(`sink${++number}`, store, transport, stats, { backoff, lasting: spool !== "" });
  open.push(sink);
  return sink;
}

export const http = (url: string, over: Partial<ConstructorParameters<typeof HttpTransport>[0]> = {}) =>
  new HttpTransport({
    url,
    protocol: "webhook",
    format: native,
    index: "events",
    gzip: true,
    maxEvents: 500,
    maxBytes: 1024 * 1024,
    timeoutMs: 2000,
    ...over,
  });

export const syslog = (port: number, over: Partial<ConstructorParameters<typeof SyslogStream>[0]> = {}) =>
  new SyslogStream({ host: "127.0.0.1", port, secure: false, facility: 10, format: native, ...over });

export async function httpReceiver(tls?: Certificate, ca?: string): Promise<HttpReceiver> {
  const receiver = new HttpReceiver();
  receivers.push(receiver);
  await receiver.start(tls && serverTls(tls, ca));
  return receiver;
}

export async function syslogReceiver(tls?: Certificate, ca?: string): Promise<SyslogReceiver> {
  const receiver = new SyslogReceiver();
  receivers.push(receiver);
  await receiver.start(tls && serverTls(tls, ca));
  return receiver;
}

export const arrived = (receiver: HttpReceiver): number[] => receiver.bodies.trim().split("\n").map(seqOf);
export const count = (sink: Sink, wanted: number) =>
  vi.waitFor(() => expect(sink.stats.delivered).toBe(wanted), patience);
