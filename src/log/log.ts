// SPDX-License-Identifier: Apache-2.0
// The agent's own log: pino, to standard error, so that standard output stays pure events. Messages are static strings; all that
// varies goes under the one key "data", so that no untrusted name can become or overwrite a field of the line.

import { writeSync } from "node:fs";
import { type Logger, pino } from "pino";
import { errorToJson, printable } from "../errors/index.js";

export type LogData = Readonly<Record<string, unknown>>;

/** Never throws: a line that cannot be written is lost. */
export interface Log {
  debug(message: string, data?: LogData): void;
  info(message: string, data?: LogData): void;
  warn(message: string, data?: LogData): void;
  error(message: string, data?: LogData): void;
  fatal(message: string, data?: LogData): void;
  /** The same log with a fixed name of the part that speaks. */
  child(room: string): Log;
  setLevel(level: string): void;
}

const busyMs = 20;
const mostPatienceMs = 1000;
const asleep = new Int32Array(new SharedArrayBuffer(4));

const maxDepth = 4;
const maxItems = 64;

/** A copy that is safe to print: bounded, strings made printable, 64-bit numbers as strings, errors with code and help. */
export function cleanData(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return printable(value, 1000);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return errorToJson(value, 40);
  if (typeof value !== "object" || value === null) return typeof value === "function" ? "[function]" : value;
  if (depth >= maxDepth) return "[deeper]";
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => cleanData(item, depth + 1));
  const entries = Object.entries(value).slice(0, maxItems);
  return Object.fromEntries(entries.map(([key, item]) => [printable(key, 100), cleanData(item, depth + 1)]));
}

function wrap(logger: Logger): Log {
  const write = (level: "debug" | "info" | "warn" | "error" | "fatal") => (message: string, data?: LogData) => {
    if (!logger.isLevelEnabled(level)) return;
    try {
      if (data === undefined) logger[level](message);
      else logger[level]({ data: cleanData(data) }, message);
    } catch {
      // A full disk, or a terminal that is gone, must not end who only wanted to say something.
    }
  };
  const children: Log[] = [];
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    fatal: write("fatal"),
    child(room) {
      const made = wrap(logger.child({ room }));
      children.push(made);
      return made;
    },
    setLevel(level) {
      logger.level = level;
      // A pino child keeps the level it was made with.
      for (const one of children) one.setLevel(level);
    },
  };
}

/** How long a reader that does not read may hold up whoever logs: a second at once, and a twentieth of the time after that. */
export class Patience {
  /** Milliseconds. */
  #left = mostPatienceMs;
  #last: number | undefined;

  /** @param now milliseconds, of a clock that is never set back; false: it has run out */
  wait(now: number): boolean {
    const earned = this.#last === undefined ? 0 : (now - this.#last) / 20;
    this.#last = now;
    this.#left = Math.min(mostPatienceMs, this.#left + earned);
    if (this.#left < busyMs) return false;
    this.#left -= busyMs;
    return true;
  }
}

/** write: where lines go, for tests; standard error if left out. */
export function createLog({ level = "info", write }: { level?: string; write?: (line: string) => void } = {}): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  const destination = write === undefined ? standardError() : { write };
  const logger = pino(options, destination);
  return wrap(logger);
}

/**
 * Synchronous: the last line before a crash is the one that matters. What cannot be written is lost, and not kept for later:
 * memory is no place for it. Throws what the system says.
 */
function standardError() {
  // To have looked at it makes a pipe or socket one that does not wait: a reader that was stopped must not stop the writer.
  void process.stderr;
  const patience = new Patience();
  let torn = false;
  return {
    write(line: string): void {
      let rest: Uint8Array = Buffer.from(torn ? `\n${line}` : line);
      while (rest.length > 0) {
        const taken = writeSome(rest, patience);
        torn = taken < rest.length;
        rest = rest.subarray(taken);
      }
    },
  };
}

/** A pipe that is full: its reader has some time, as a pipe would give it. */
function writeSome(bytes: Uint8Array, patience: Patience): number {
  for (;;) {
    try {
      return writeSync(2, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || !patience.wait(performance.now())) throw error;
      Atomics.wait(asleep, 0, 0, busyMs);
    }
  }
}

function levelName(label: string): { level: string } {
  return { level: label };
}
