// SPDX-License-Identifier: Apache-2.0
// The sinks room: what other rooms may import.

export type { QueueOptions } from "./queue.js";
export { dropReasons, type Sink, type SinkDropReason, type SinkStats } from "./sink.js";
export { createFileSink, createStdoutSink } from "./sinks.js";
