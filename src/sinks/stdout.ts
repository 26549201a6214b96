// SPDX-License-Identifier: Apache-2.0
// Standard output as a sink.

import { sharedWriter } from "./descriptor.js";
import { type QueueOptions, QueueSink } from "./queue.js";
import type { Sink } from "./sink.js";

/** fd: standard output if left out. */
export function createStdoutSink({
  fd = 1,
  name = "stdout",
  ...options
}: QueueOptions & { fd?: number; name?: string } = {}): Sink {
  const sink = new QueueSink(name, () => sharedWriter(fd), options);
  // There is nothing to rotate behind it.
  sink.reopen = () => undefined;
  return sink;
}
