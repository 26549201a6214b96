// SPDX-License-Identifier: Apache-2.0
// The value of a secret from where the caller keeps it, in a buffer that is overwritten after use. Never from the command
// line, which every user of the machine can read.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Environment } from "../config/index.js";
import { maxSecret } from "../control/protocol.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";

export interface ValueSource {
  fromFile?: string | undefined;
  fromEnv?: string | undefined;
  stdin?: boolean | undefined;
  /** Keep the newline at the end of a file, which editors and echo write. */
  exact?: boolean | undefined;
}

/** With a newline. More is too long in any case, and not read. */
const most = maxSecret + 3;

const unreadable = (target: string, reason: string, cause?: unknown): CloudtaserError =>
  new CloudtaserError("SECRET_SOURCE", { target, fields: { reason }, cause });

function readDescriptor(fd: number): Buffer {
  const bytes = Buffer.alloc(most);
  let size = 0;
  while (size < most) {
    const got = readSync(fd, bytes, size, most - size, null);
    if (got === 0) break;
    size += got;
  }
  return bytes.subarray(0, size);
}

function readFile(name: string, path: string): Buffer {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (cause) {
    throw unreadable(name, reasonOf(cause), cause);
  }
  try {
    if (fstatSync(fd).isDirectory()) throw new Error(`${path} is a directory`);
    return readDescriptor(fd);
  } catch (cause) {
    throw unreadable(name, reasonOf(cause), cause);
  } finally {
    closeSync(fd);
  }
}

function readStdin(name: string): Buffer {
  try {
    return readDescriptor(0);
  } catch (cause) {
    throw unreadable(name, `standard input: ${reasonOf(cause)}`, cause);
  }
}

/** Without one newline at the end. */
function trimmed(value: Buffer): Buffer {
  const end = value.at(-1) === 10 ? (value.at(-2) === 13 ? 2 : 1) : 0;
  return value.subarray(0, value.length - end);
}

export function valueOfVariable(name: string, env: Environment): Buffer {
  const text = env[name];
  if (text === undefined) throw unreadable(name, `the environment has no variable ${name}`);
  return Buffer.from(text);
}

/** Throws SECRET_SOURCE, or USAGE unless exactly one source is named. */
export function readValue(name: string, source: ValueSource, env: Environment, stdinIsTerminal: boolean): Buffer {
  const { fromFile, fromEnv, stdin, exact } = source;
  const given = [fromFile, fromEnv, stdin].filter((one) => one !== undefined && one !== false);
  if (given.length !== 1) {
    const reason = "needs exactly one of --from-file, --from-env and --stdin";
    throw new CloudtaserError("USAGE", { target: "secrets add", fields: { reason } });
  }
  if (fromEnv !== undefined) return valueOfVariable(fromEnv, env);
  if (stdin && stdinIsTerminal) throw unreadable(name, "standard input is a terminal, which would show it");
  const value = fromFile === undefined ? readStdin(name) : readFile(name, fromFile);
  if (value.length === most) {
    const reason = `it is longer than ${maxSecret} bytes, which are the most`;
    throw new CloudtaserError("SECRET_UNFIT", { target: name, fields: { reason } });
  }
  return exact ? value : trimmed(value);
}
