// SPDX-License-Identifier: Apache-2.0
// From a sink's configuration to the sink.

import { join } from "node:path";
import type { SinkConfig } from "../config/index.js";
import { BatchSink } from "./batch.js";
import { createFileSink } from "./file.js";
import { HttpTransport } from "./http.js";
import { freshStats, type Sink } from "./sink.js";
import { Spool } from "./spool.js";
import { createStdoutSink } from "./stdout.js";
import { MemoryStore } from "./store.js";
import { SyslogStream } from "./syslog-stream.js";
import { SyslogUdp } from "./syslog-udp.js";
import type { Transport } from "./transport.js";

const ports = { tls: 6514, tcp: 514, udp: 514 } as const;

function transportOf({ syslog, http, format }: SinkConfig): Transport | undefined {
  if (syslog !== undefined) {
    const { host, transport, facility, tls } = syslog;
    const common = { host, port: syslog.port ?? ports[transport], facility, format };
    return transport === "udp"
      ? new SyslogUdp(common)
      : new SyslogStream({ ...common, secure: transport === "tls", tls });
  }
  if (http !== undefined) return new HttpTransport({ ...http, format, timeoutMs: http.timeoutSeconds * 1000 });
  return undefined;
}

export interface BuildOptions {
  /** Below it each spool has a directory of the sink's name. */
  spools: string;
  /** Another sink on the same file or spool, which must let go first. */
  after?: Promise<unknown>;
}

/** Throws EVENTS_FILE_UNWRITABLE. A receiver that is not there is no error: it may come. */
export function buildSink(config: SinkConfig, { spools, after = Promise.resolve() }: BuildOptions): Sink {
  const { name, queue, format, file, spool } = config;
  const limits = { maxLines: queue.maxEvents, maxBytes: queue.maxBytes };
  if (file !== undefined) return createFileSink(file.path, { name, rotate: file.rotate, format, after, ...limits });
  const transport = transportOf(config);
  if (transport === undefined) return createStdoutSink({ name, format, after, ...limits });
  const stats = freshStats();
  const lasting = spool.maxBytes > 0;
  const store = lasting
    ? new Spool({ directory: join(spools, name), maxSpoolBytes: spool.maxBytes, ...limits }, stats)
    : new MemoryStore(limits, stats);
  return new BatchSink(name, store, transport, stats, { lasting, after });
}
