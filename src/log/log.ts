// SPDX-License-Identifier: Apache-2.0
// The agent's own log: pino, to standard error, so that standard output stays pure events. Messages are static strings; all that
// varies goes under the one key "data", so that no untrusted name can become or overwrite a field of the line.

import { type Logger, pino } from "pino";
import { errorToJson, printable } from "../errors/index.js";

export type LogData = Readonly<Record<string, unknown>>;

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
    if (data === undefined) logger[level](message);
    else logger[level]({ data: cleanData(data) }, message);
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

/** write: where lines go, for tests; standard error if left out. */
export function createLog({ level = "info", write }: { level?: string; write?: (line: string) => void } = {}): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: levelName } };
  // Synchronous: the last line before a crash is the one that matters.
  const destination = write === undefined ? pino.destination({ fd: 2, sync: true }) : { write };
  const logger = pino(options, destination);
  return wrap(logger);
}

function levelName(label: string): { level: string } {
  return { level: label };
}
