// SPDX-License-Identifier: Apache-2.0
// What a command has of the outside world, and what the global flags make of it. Tests hand in their own.

import type { Command } from "commander";
import type { Environment } from "../config/index.js";
import { ControlClient } from "../control/client.js";
import { wantsColor } from "../formats/color.js";
import { jsonText } from "../formats/text.js";
import type { Native } from "../kernel/native.js";
import { findSocket } from "./find-socket.js";

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}

export interface Io {
  env: Environment;
  stdout: Output;
  stderr: Output;
  stdinIsTerminal: boolean;
  /** What stood after "--"; undefined if there was no "--". */
  tail: readonly string[] | undefined;
  /** The addon, loaded when it is first asked for. */
  native(): Promise<Native>;
  /** Exit status of a command that did not throw. */
  status: number;
}

export interface Session {
  json: boolean;
  /** Colour on standard output. */
  color: boolean;
  configFile: string | undefined;
  /** As given by --socket. */
  socketFlag: string | undefined;
  /** Where the agent listens. */
  socket(): Promise<string>;
  /** @param key file of the authority's private key, which signs what is asked */
  client(key?: string): Promise<ControlClient>;
  /** A line on standard output. */
  line(text: string): void;
  /** A value on standard output, as JSON. */
  value(value: unknown): void;
  /** A line for people on standard error. */
  note(text: string): void;
}

interface GlobalOptions {
  config?: string;
  socket?: string;
  json?: boolean;
  color: boolean;
}

export function sessionOf(io: Io, command: Command): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const note = (text: string): void => void io.stderr.write(`${text}\n`);
  const socket = (): Promise<string> =>
    findSocket({ flag: options.socket, configFile: options.config, env: io.env, note });
  return {
    json: options.json === true,
    color: options.color && wantsColor(io.stdout, io.env),
    configFile: options.config,
    socketFlag: options.socket,
    socket,
    client: async (key) => {
      const signer = key === undefined ? undefined : await (await import("./authority-key.js")).readKey(key);
      return new ControlClient({ socket: await socket(), signer, native: io.native });
    },
    line: (text) => void io.stdout.write(`${text}\n`),
    value: (value) => void io.stdout.write(`${jsonText(value, 2)}\n`),
    note,
  };
}
