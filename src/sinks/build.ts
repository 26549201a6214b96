// SPDX-License-Identifier: Apache-2.0
// From a sink's configuration to the sink. What speaks to receivers is loaded only for a configuration that names one.

import type { SinkConfig } from "../config/index.js";
import { loadFormat } from "../formats/index.js";
import { createFileSink } from "./file.js";
import type { Sink } from "./sink.js";
import { createStdoutSink } from "./stdout.js";

/** Opens the sink. Throws EVENTS_FILE_UNWRITABLE. A receiver that is not there is no error: it may come. */
export type Opener = (after: Promise<unknown>) => Sink;

/** @param spools below it each spool has a directory of the sink's name */
export async function loadSink(config: SinkConfig, spools: string): Promise<Opener> {
  const { name, queue, file, stdout } = config;
  const format = await loadFormat(config.format);
  const options = { name, format, maxLines: queue.maxEvents, maxBytes: queue.maxBytes };
  if (file !== undefined) return (after) => createFileSink(file.path, { ...options, rotate: file.rotate, after });
  if (stdout) return (after) => createStdoutSink({ ...options, after });
  const { createRemoteSink } = await import("./remote.js");
  return (after) => createRemoteSink(config, { format, spools, after });
}
