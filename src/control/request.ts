// SPDX-License-Identifier: Apache-2.0
// Bodies and queries as the server accepts them; anything else is refused before a handler sees it.

import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { CloudtaserError } from "../errors/index.js";
import { severities } from "../vectors/index.js";
import { maxBacklog, maxSecret } from "./protocol.js";

/** Bytes of a request's body. */
export const maxBody = 64 * 1024;

const pid = z.int().min(1).max(4_194_304);
const workloadName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be 1 to 63 letters, digits, dots, dashes or underscores");
const cgroupPath = z
  .string()
  .max(4095)
  .refine((path) => path.startsWith("/") && !path.includes("\0"), "must be an absolute path");

const countOf = (...values: unknown[]): number => values.filter((value) => value !== undefined).length;

export const protectSchema = z
  .strictObject({
    pid: pid.optional(),
    unit: z.string().min(1).max(256).optional(),
    cgroup: cgroupPath.optional(),
    self: z.literal(true).optional(),
    name: workloadName.optional(),
  })
  .refine(
    (body) => countOf(body.pid, body.unit, body.cgroup, body.self) === 1,
    "needs exactly one of pid, unit, cgroup and self",
  );

export const containerSchema = z.strictObject({
  id: z.string().min(1).max(1024),
  pid: pid.optional(),
  startTicks: z
    .string()
    .regex(/^\d{1,20}$/, "must be a whole number")
    .optional(),
  wanted: z.boolean(),
  label: z.string().max(1024).optional(),
});

export const unprotectSchema = z
  .strictObject({ pid: pid.optional(), workload: workloadName.optional() })
  .refine((body) => countOf(body.pid, body.workload) === 1, "needs exactly one of pid and workload");

export const selftestSchema = z.strictObject({
  time: z.iso.datetime(),
  outcomes: z
    .record(z.string().regex(/^[a-z_]{1,32}$/), z.string().regex(/^[a-z_]{1,32}$/))
    .refine((outcomes) => Object.keys(outcomes).length <= 256, "at most 256 vectors"),
});

const secretName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/, "must be 1 to 63 letters, digits, dots, dashes or underscores");
const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((word) => word === "true");

export const addSecretSchema = z.strictObject({
  workload: workloadName,
  name: secretName,
  allow: z.array(z.string().min(1).max(4096)).max(64, "at most 64 places").default([]),
  replace: flag,
  endsWithWorkload: flag,
});

export const removeSecretSchema = z.strictObject({ workload: workloadName, name: secretName.optional() });

export const noBodySchema = z.union([z.undefined(), z.strictObject({})]);

const decimal = z
  .string()
  .regex(/^\d{1,6}$/, "must be a whole number")
  .transform(Number);

export const eventsSchema = z.strictObject({
  backlog: decimal.pipe(z.number().max(maxBacklog)).default(0),
  follow: z.enum(["true", "false"]).default("true"),
  type: z
    .array(z.string().regex(/^[A-Z][A-Z_]{0,31}$/, "must be an event type, such as PTRACE_DENIED"))
    .max(64)
    .optional(),
  severity: z.enum(severities).optional(),
  workload: z.array(z.string().min(1).max(64)).max(64).optional(),
  since: z
    .string()
    .regex(/^\d{1,15}$/, "must be Unix milliseconds")
    .transform(Number)
    .optional(),
});

export const noQuerySchema = z.strictObject({});

export function badRequest(target: string, reason: string, cause?: unknown): CloudtaserError {
  return new CloudtaserError("CONTROL_BAD_REQUEST", { target, fields: { reason }, cause });
}

/** The value if the schema takes it. `target` names what it came with. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, target: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join(".") ?? "";
  throw badRequest(target, `${where === "" ? "" : `${where}: `}${issue?.message ?? "wrong shape"}`);
}

/** Names of lists may come several times; of another that does, the last one counts. */
export function queryOf(parameters: URLSearchParams, lists: readonly string[]): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.fromEntries(parameters);
  for (const name of lists) if (parameters.has(name)) query[name] = parameters.getAll(name);
  return query;
}

/** More than a secret may have is read to the end, so that the sender hears why, but not kept. */
const maxRead = 64 * 1024 * 1024;

/** A secret, which is the body as it is. What was read is overwritten but for the one copy that is returned. */
export async function readSecret(request: IncomingMessage, target: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= maxSecret) chunks.push(chunk);
      else for (const kept of [chunk, ...chunks.splice(0)]) kept.fill(0);
      if (size > maxRead) break;
    }
  } catch (error) {
    for (const kept of chunks) kept.fill(0);
    throw error;
  }
  if (size > maxSecret) {
    const reason = `it is ${size > maxRead ? `more than ${maxRead}` : size} bytes long, and ${maxSecret} are the most`;
    throw new CloudtaserError("SECRET_UNFIT", { target, fields: { reason } });
  }
  // Memory of its own: what is small would lie in V8's heap otherwise, which copies it about.
  const value = Buffer.from(new ArrayBuffer(size));
  let at = 0;
  for (const chunk of chunks) {
    at += chunk.copy(value, at);
    chunk.fill(0);
  }
  return value;
}

/** The JSON of a request; undefined for an empty body. */
export async function readJson(request: IncomingMessage, target: string): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw badRequest(target, `the body is longer than ${maxBody} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw badRequest(target, "the body is not JSON", error);
  }
}
