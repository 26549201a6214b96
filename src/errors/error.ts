// SPDX-License-Identifier: Apache-2.0
// The one error class: a code from the table, the thing it is about, the cause, and the way out.

import { authorityErrors } from "./authority-errors.js";
import { configErrors } from "./config-errors.js";
import type { ErrorEntry, ExitCode } from "./exit.js";
import { kubernetesErrors } from "./kubernetes-errors.js";
import { machineErrors } from "./machine-errors.js";
import { secretErrors } from "./secret-errors.js";
import { targetErrors } from "./target-errors.js";

/** Every error of the product, by code. */
export const errorTable = {
  ...configErrors,
  ...targetErrors,
  ...secretErrors,
  ...kubernetesErrors,
  ...machineErrors,
  ...authorityErrors,
} as const;

export type ErrorCode = keyof typeof errorTable;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
type FieldsOf<Code extends ErrorCode> = Exclude<
  Placeholders<(typeof errorTable)[Code]["message"] | (typeof errorTable)[Code]["help"]>,
  "target"
>;
type Fields<Code extends ErrorCode> = [FieldsOf<Code>] extends [never]
  ? { fields?: undefined }
  : { fields: Readonly<Record<FieldsOf<Code>, string | number>> };

/** log: compiler or verifier output that belongs to it; taken from the cause if that carries one. */
export type ErrorOptions<Code extends ErrorCode> = { target: string; cause?: unknown; log?: string } & Fields<Code>;

type Arguments = { [Code in ErrorCode]: [code: Code, options: ErrorOptions<Code>] }[ErrorCode];

function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function logOf(cause: unknown): string {
  const log = cause instanceof Error && "log" in cause ? cause.log : "";
  return typeof log === "string" ? log : "";
}

export class CloudtaserError extends Error {
  readonly code: ErrorCode;
  /** The file with place, process, door, socket, variable … that it is about. */
  readonly target: string;
  /** What to do now. */
  readonly help: string;
  readonly exitCode: ExitCode;
  /** "" if there is none. */
  readonly log: string;

  constructor(...[code, options]: Arguments) {
    const entry: ErrorEntry = errorTable[code];
    const values = { ...options.fields, target: options.target };
    super(fill(entry.message, values), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CloudtaserError";
    this.code = code;
    this.target = options.target;
    this.help = fill(entry.help, values);
    this.exitCode = entry.exitCode;
    this.log = options.log ?? logOf(options.cause);
  }
}

/** The text of anything that was thrown, for the {reason} of an error that wraps it. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === "" ? thrown.name : thrown.message;
}

/** Anything thrown, as a CloudtaserError: itself, or wrapped as INTERNAL of the named place. */
export function toCloudtaserError(thrown: unknown, place: string): CloudtaserError {
  if (thrown instanceof CloudtaserError) return thrown;
  return new CloudtaserError("INTERNAL", { target: place, fields: { reason: reasonOf(thrown) }, cause: thrown });
}
