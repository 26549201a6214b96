// SPDX-License-Identifier: Apache-2.0
// The sinks: standard output, and a file that only its owner reads.

import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { descriptorWriter, sharedWriter } from "./descriptor.js";
import { type QueueOptions, QueueSink } from "./queue.js";
import type { Sink, Writer } from "./sink.js";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/** A crash may have cut the last line short; the next event must not be glued to it. */
function finishLastLine(fd: number, size: number): void {
  if (size === 0) return;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  if (last[0] !== 0x0a) writeSync(fd, "\n");
}

function openEventFile(path: string): Writer {
  // No following of links: whoever may write the directory must not choose what the agent appends to.
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const info = fstatSync(fd);
    if (!info.isFile()) throw new Error("it is not a regular file");
    fchmodSync(fd, 0o600);
    finishLastLine(fd, info.size);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return descriptorWriter(fd, () => closeSync(fd));
}

/** Throws EVENTS_FILE_UNWRITABLE if the file cannot be opened now. */
export function createFileSink(path: string, options: QueueOptions = {}): Sink {
  try {
    return new QueueSink("file", () => openEventFile(path), options);
  } catch (cause) {
    throw new CloudtaserError("EVENTS_FILE_UNWRITABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}

/** fd: standard output if left out. */
export function createStdoutSink({ fd = 1, ...options }: QueueOptions & { fd?: number } = {}): Sink {
  const sink = new QueueSink("stdout", () => sharedWriter(fd), options);
  // There is nothing to rotate behind it.
  sink.reopen = () => undefined;
  return sink;
}
