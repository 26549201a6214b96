// SPDX-License-Identifier: Apache-2.0
// Sinks that speak to a receiver: a transport behind memory or a spool.

import { join } from "node:path";
import type { SinkConfig } from "../config/index.js";
import type { Format } from "../formats/index.js";
import { BatchSink } from "./batch.js";
import { HttpTransport } from "./http.js";
import { freshStats, type Sink } from "./sink.js";
import { Spool } from "./spool.js";
import { MemoryStore } from "./store.js";
import { SyslogStream } from "./syslog-stream.js";
import { SyslogUdp } from "./syslog-udp.js";
import type { Transport } from "./transport.js";

const ports = { tls: 6514, tcp: 514, udp: 514 } as const;

function transportOf({ name, syslog, http }: SinkConfig, format: Format): Transport {
  if (syslog !== undefined) {
    const { host, transport, facility, tls } = syslog;
    const common = { host, port: syslog.port ?? ports[transport], facility, format };
    return transport === "udp"
      ? new SyslogUdp(common)
      : new SyslogStream({ ...common, secure: transport === "tls", tls });
  }
  if (http === undefined) throw new Error(`sink ${name} has no receiver`);
  return new HttpTransport({ ...http, format, timeoutMs: http.timeoutSeconds * 1000 });
}

export interface RemoteOptions {
  format: Format;
  /** Below it each spool has a directory of the sink's name. */
  spools: string;
  /** Another sink on the same spool, which must let go first. */
  after: Promise<unknown>;
}

export function createRemoteSink(config: SinkConfig, { format, spools, after }: RemoteOptions): Sink {
  const { name, queue, spool } = config;
  const transport = transportOf(config, format);
  const limits = { maxLines: queue.maxEvents, maxBytes: queue.maxBytes };
  const stats = freshStats();
  const lasting = spool.maxBytes > 0;
  const store = lasting
    ? new Spool({ directory: join(spools, name), maxSpoolBytes: spool.maxBytes, ...limits }, stats)
    : new MemoryStore(limits, stats);
  return new BatchSink(name, store, transport, stats, { lasting, after });
}
