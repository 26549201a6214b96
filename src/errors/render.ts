// SPDX-License-Identifier: Apache-2.0
// An error as people read it, and as programs do. Everything shown is made printable: targets may carry hostile names.

import { styleText } from "node:util";
import { CloudtaserError, reasonOf, toCloudtaserError } from "./error.js";
import { printable, printableLines } from "./printable.js";

const maxCauses = 4;

export interface ErrorJson {
  code: string;
  message: string;
  target: string;
  help: string;
  exitCode: number;
  causes: { code?: string; message: string }[];
  log?: string[];
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

function causesOf(error: Error): ErrorJson["causes"] {
  const causes: ErrorJson["causes"] = [];
  let cause = error.cause;
  while (cause !== undefined && causes.length < maxCauses) {
    const code = codeOf(cause);
    causes.push({ ...(code === undefined ? {} : { code }), message: printable(reasonOf(cause), 1000) });
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** The error as a plain object for --json, with at most `logLines` lines of its log. */
export function errorToJson(thrown: unknown, logLines = 200): ErrorJson {
  const error = toCloudtaserError(thrown, "an unexpected place");
  return {
    code: error.code,
    message: printable(error.message, 2000),
    target: printable(error.target),
    help: printable(error.help, 2000),
    exitCode: error.exitCode,
    causes: causesOf(error),
    ...(error.log === "" ? {} : { log: printableLines(error.log, logLines) }),
  };
}

/** One message of a few lines: what and where, cause, end of the log, way out. `color` as the stream allows it. */
export function renderError(thrown: unknown, options: { color?: boolean; logLines?: number } = {}): string {
  const json = errorToJson(thrown, options.logLines ?? 20);
  const paint = (format: "red" | "dim" | "bold", text: string) =>
    options.color === true ? styleText(format, text, { validateStream: false }) : text;
  const lines = [`${paint("red", "error:")} ${paint("bold", json.message)}`];
  for (const cause of json.causes) {
    // Most causes are already quoted in the message as its reason; saying them twice helps nobody.
    if (json.message.includes(cause.message)) continue;
    lines.push(`  cause: ${cause.code === undefined ? "" : `${cause.code}: `}${cause.message}`);
  }
  for (const line of json.log ?? []) lines.push(paint("dim", `  log: ${line}`));
  lines.push(`  help:  ${json.help}`, `  code:  ${json.code}`);
  return lines.join("\n");
}

/** Exit status for anything that was thrown. */
export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof CloudtaserError ? thrown.exitCode : 1;
}
