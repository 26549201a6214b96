// SPDX-License-Identifier: Apache-2.0
// What the API server means when it refuses: an error for people, and for the informer whether to list again and how
// long to wait.

import { CloudtaserError, printable } from "../errors/index.js";
import { fieldsOf } from "./pod.js";

/** A refusal with its consequences. Its cause is the error for people. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  constructor(
    readonly error: CloudtaserError,
    /** What was known is too old: list again. */
    readonly gone: boolean,
    /** What the server asked for; 0 if nothing. */
    readonly retryAfterMs: number,
  ) {
    super(error.message, { cause: error });
  }
}

/** An answer that makes no sense: something may have been missed, so what is known is not to be built upon. */
export class Garbage extends Error {
  override readonly name = "Garbage";
}

/** Longer than whoever asked had room for; it may ask for less. */
export class TooLarge extends Garbage {}

const longestWaitMs = 600_000;

/** As the server words it: `pods is forbidden: User "system:…" cannot list resource "pods" in API group "" at the cluster scope`. */
const forbidden = /User "([^"]{1,400})" cannot ([a-z]{1,20}) resource "([a-z/]{1,60})"/;

function forbiddenError(server: string, message: string): CloudtaserError {
  const [, account = "this service account", verb = "list", resource = "pods"] = forbidden.exec(message) ?? [];
  const fields = { account: printable(account, 400), verb, resource };
  return new CloudtaserError("KUBERNETES_FORBIDDEN", { target: server, fields });
}

/** @param text the answer: a Status of the API, or whatever stood in its place */
export function failureOf(server: string, code: number, retryAfter: string | undefined, text: string): ApiFailure {
  const { message, reason } = statusOf(text);
  const said = printable(message, 300);
  const seconds = /^\d{1,6}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0;
  const wait = Math.min(seconds * 1000, longestWaitMs);
  const gone = code === 410 || reason === "Expired" || reason === "Gone" || /Too large resource version/i.test(message);
  if (code === 401) {
    const fields = { reason: said || "it answered 401" };
    return new ApiFailure(new CloudtaserError("KUBERNETES_UNAUTHORIZED", { target: server, fields }), false, wait);
  }
  if (code === 403) return new ApiFailure(forbiddenError(server, message), false, wait);
  const fields = { reason: `it answered ${code}${said === "" ? "" : `: ${said}`}` };
  return new ApiFailure(new CloudtaserError("KUBERNETES_UNREACHABLE", { target: server, fields }), gone, wait);
}

function statusOf(text: string): { message: string; reason: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined; // a proxy's page, say
  }
  const { kind, message, reason } = fieldsOf(parsed);
  if (kind !== "Status") return { message: "", reason: "" };
  return {
    message: typeof message === "string" ? message.slice(0, 2000) : "",
    reason: typeof reason === "string" ? reason : "",
  };
}
