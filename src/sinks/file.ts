// SPDX-License-Identifier: Apache-2.0
// A file of events that only its owner reads, and a new one when it is too long or too old: PATH.1 is the newest of the
// old ones.

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { descriptorWriter } from "./descriptor.js";
import { type QueueOptions, QueueSink } from "./queue.js";
import type { Sink, Writer } from "./sink.js";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

export interface Rotation {
  maxBytes?: number | undefined;
  maxAgeSeconds?: number | undefined;
  /** Old files that stay. */
  keep: number;
}

/** After a rotation that failed. */
const patienceMs = 60_000;

/** A crash may have cut the last line short; the next event must not be glued to it. */
function finishLastLine(fd: number, size: number): void {
  if (size === 0) return;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  if (last[0] !== 0x0a) writeSync(fd, "\n");
}

function openAppending(path: string): number {
  // No following of links: whoever may write the directory must not choose what the agent appends to.
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const info = fstatSync(fd);
    if (!info.isFile()) throw new Error("it is not a regular file");
    if (info.nlink > 1) throw new Error("it has another name: a hard link");
    fchmodSync(fd, 0o600);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** PATH to PATH.1, that to PATH.2 and so on; what is beyond `keep` goes. */
function shift(path: string, keep: number): void {
  // Gone: somebody else moved it, and the old ones stay what they are.
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  const prefix = `${basename(path)}.`;
  const directory = dirname(path);
  const numbers = readdirSync(directory)
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((one, other) => other - one);
  for (const number of numbers) {
    const old = join(directory, `${prefix}${number}`);
    if (number >= keep) unlinkSync(old);
    else renameSync(old, join(directory, `${prefix}${number + 1}`));
  }
  renameSync(path, `${path}.1`);
}

/** The new file is there before anything is moved: where none can be made, the old one must keep its name, or it would be
 *  moved on at each attempt until it is removed. */
function replaceFile(path: string, keep: number): number {
  const unfinished = `${path}.new`;
  const fd = openAppending(unfinished);
  try {
    shift(path, keep);
    renameSync(unfinished, path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

interface FileWriter extends Writer {
  finish(): void;
  retract(bytes: number): void;
}

function fileWriter(fd: number): FileWriter {
  const inner = descriptorWriter(fd, () => closeSync(fd));
  let begun = false;
  // Not when it is opened: a sink that lets go of the same file may be in the middle of that line.
  const finish = (): void => {
    if (!begun) finishLastLine(fd, fstatSync(fd).size);
    begun = true;
  };
  return {
    ...inner,
    finish,
    async write(bytes) {
      finish();
      return inner.write(bytes);
    },
    retract: (bytes) => ftruncateSync(fd, Math.max(0, fstatSync(fd).size - bytes)),
  };
}

function openFile(path: string, rotation: Rotation | undefined): Writer {
  const fd = openAppending(path);
  if (rotation === undefined) return fileWriter(fd);
  return rotatingWriter(path, fd, rotation);
}

function rotatingWriter(path: string, first: number, rotation: Rotation): Writer {
  const { maxBytes, maxAgeSeconds, keep } = rotation;
  let inner = fileWriter(first);
  let info = fstatSync(first);
  let size = info.size;
  let notBefore = 0;
  const isDue = (bytes: number): boolean => {
    if (size === 0 || performance.now() < notBefore) return false;
    if (maxBytes !== undefined && size + bytes > maxBytes) return true;
    return maxAgeSeconds !== undefined && Date.now() - (info.birthtimeMs || info.ctimeMs) > maxAgeSeconds * 1000;
  };
  return {
    ...(maxBytes === undefined ? {} : { most: maxBytes }),
    begin(bytes) {
      if (!isDue(bytes)) return;
      notBefore = performance.now() + patienceMs;
      inner.finish();
      const fd = replaceFile(path, keep);
      inner.close();
      inner = fileWriter(fd);
      info = fstatSync(fd);
      size = info.size;
      notBefore = 0;
      const directory = openSync(dirname(path), "r");
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    },
    async write(bytes) {
      const taken = await inner.write(bytes);
      size += taken;
      return taken;
    },
    retract(bytes) {
      inner.retract(bytes);
      size -= bytes;
    },
    close: () => inner.close(),
  };
}

/** Throws EVENTS_FILE_UNWRITABLE if the file cannot be opened now. */
export function createFileSink(
  path: string,
  { name = "file", rotate, ...options }: QueueOptions & { name?: string; rotate?: Rotation | undefined } = {},
): Sink {
  try {
    return new QueueSink(name, () => openFile(path, rotate), { ...options, anew: options.after !== undefined });
  } catch (cause) {
    throw new CloudtaserError("EVENTS_FILE_UNWRITABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}
