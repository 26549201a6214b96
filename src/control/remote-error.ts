// SPDX-License-Identifier: Apache-2.0
// An error that the agent reported, as if it had been thrown here: same code, words and exit status.

import { CloudtaserError, type ErrorCode, type ErrorJson, type ExitCode, errorTable } from "../errors/index.js";

export class RemoteError extends CloudtaserError {
  override readonly code: ErrorCode;
  override readonly target: string;
  override readonly help: string;
  override readonly exitCode: ExitCode;
  override readonly log: string;

  constructor(code: ErrorCode, json: ErrorJson) {
    super("AGENT_UNREACHABLE", { target: json.target, fields: { reason: json.message } });
    this.message = json.message;
    this.code = code;
    this.target = json.target;
    this.help = json.help;
    this.exitCode = errorTable[code].exitCode;
    this.log = json.log?.join("\n") ?? "";
  }
}

const isText = (value: unknown): value is string => typeof value === "string";

/** The error in an ErrorAnswer, or undefined if the value is none. */
export function errorFrom(value: unknown, socket: string): CloudtaserError | undefined {
  if (typeof value !== "object" || value === null || !("error" in value)) return undefined;
  const json = value.error as Partial<ErrorJson> | null;
  if (typeof json !== "object" || json === null) return undefined;
  const { code, message, target, help } = json;
  if (!isText(code) || !isText(message) || !isText(target) || !isText(help)) return undefined;
  if (Object.hasOwn(errorTable, code)) {
    const log = Array.isArray(json.log) ? { log: json.log.filter(isText) } : {};
    return new RemoteError(code as ErrorCode, { code, message, target, help, exitCode: 1, causes: [], ...log });
  }
  // A newer agent may know errors that this command does not.
  return new CloudtaserError("AGENT_UNREACHABLE", { target: socket, fields: { reason: `${code}: ${message}` } });
}
