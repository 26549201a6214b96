// SPDX-License-Identifier: Apache-2.0
// Where events go: the part of the configuration that names sinks, each with its filter, format, queue and spool. Made when
// a configuration names one: the many rules take a while.

import { z } from "zod";
import { formatNames, isJson } from "../formats/index.js";
import { severities } from "../vectors/index.js";
import { absolutePath } from "./paths.js";

const MiB = 1024 * 1024;

/** Names that events.stdout and events.file take. */
const reserved = ["stdout", "file"];

const name = () =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, "must be 1 to 32 small letters, digits or dashes, a letter first")
    .refine((text) => !reserved.includes(text), "is the name of what events.stdout and events.file make")
    .describe("Name of the sink in metrics, status and losses; unique.");

const filter = () =>
  z
    .strictObject({
      types: z
        .array(z.string().regex(/^[A-Z][A-Z_]{0,31}$/, "must be an event type, such as PTRACE_DENIED"))
        .min(1)
        .optional()
        .describe("Only events of these types; all if left out."),
      minSeverity: z.enum(severities).default("info").describe("Only events of this severity or above."),
      workloads: z
        .array(z.string().min(1).max(64))
        .min(1)
        .optional()
        .describe(
          "Of events against workloads only those against these; attacks on the node and the agent's own events pass.",
        ),
    })
    .prefault({})
    .describe("What this sink gets. A log that was filtered cannot be verified as complete.");

const queue = () =>
  z
    .strictObject({
      maxEvents: z.int().min(16).max(1_000_000).default(16_384).describe("Most events that wait in memory."),
      maxBytes: z
        .int()
        .min(64 * 1024)
        .max(1024 * MiB)
        .default(16 * MiB)
        .describe("Most bytes that wait in memory."),
    })
    .prefault({})
    .describe("What waits in memory. When it is full the oldest events of the lowest severity go first.");

const spool = () =>
  z
    .strictObject({
      maxBytes: z
        .int()
        .min(0)
        .max(1024 * 1024 * MiB)
        .refine((bytes) => bytes === 0 || bytes >= MiB, "must be 0 or at least 1048576")
        .default(64 * MiB)
        .describe(
          "Most bytes on disk, of which an event takes about 1.6 KB: at least 1048576; 0 for no spool: then events wait in memory only.",
        ),
    })
    .prefault({})
    .describe("What waits on disk, below stateDirectory, also over a restart; for syslog and http.");

const tls = () =>
  z
    .strictObject({
      ca: absolutePath
        .optional()
        .describe("File of certificates that the receiver's must lead to; those of Node.js if left out."),
      cert: absolutePath.optional().describe("File of the client certificate with its chain, PEM."),
      key: absolutePath.optional().describe("File of the client certificate's key, PEM."),
      serverName: z
        .string()
        .min(1)
        .max(253)
        .optional()
        .describe("Name that the receiver's certificate must have; the host's if left out."),
    })
    .refine(
      ({ cert, key }) => (cert === undefined) === (key === undefined),
      "needs both cert and key, or none of them",
    );

const rotate = () =>
  z
    .strictObject({
      maxBytes: z
        .int()
        .min(4096)
        .max(1024 * 1024 * MiB)
        .optional()
        .describe("Start a new file before this one gets longer."),
      maxAgeSeconds: z
        .int()
        .min(1)
        .max(366 * 86400)
        .optional()
        .describe("Start a new file when this one is older."),
      keep: z
        .int()
        .min(1)
        .max(10_000)
        .default(5)
        .describe("Old files that are kept, PATH.1 the newest; the others are removed."),
    })
    .refine(
      ({ maxBytes, maxAgeSeconds }) => maxBytes !== undefined || maxAgeSeconds !== undefined,
      "needs maxBytes, maxAgeSeconds, or both",
    );

const fileSchema = () =>
  z.strictObject({
    path: absolutePath.describe("File to append to, mode 0600; opened anew on SIGHUP."),
    rotate: rotate().optional().describe("When to start a new file; never if left out."),
  });

const host = () =>
  z
    .string()
    .regex(
      /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$/,
      "must be a host name or an address",
    );

const syslog = () =>
  z
    .strictObject({
      host: host().describe("Receiver."),
      port: z.int().min(1).max(65535).optional().describe("Port; 6514 for tls, 514 else."),
      transport: z
        .enum(["tls", "tcp", "udp"])
        .default("tls")
        .describe("tls is RFC 5425, tcp RFC 6587 with octet counting; udp may lose any message unseen."),
      facility: z.int().min(0).max(23).default(10).describe("Syslog facility; 10 is authpriv, 13 audit."),
      tls: tls().optional().describe("For transport tls."),
    })
    .refine(
      ({ transport, tls: own }) => own === undefined || transport === "tls",
      "has tls settings, but another transport",
    );

function urlProblem(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "must be a URL";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https: or http:";
  if (url.username !== "" || url.password !== "") return "must hold no user or password: use tokenFile";
  return undefined;
}

/** As it is understood, not as it is written: schemes come in capitals too. */
const addressOf = (url: string): URL | undefined => (URL.canParse(url) ? new URL(url) : undefined);

const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(host);

const http = () =>
  z
    .strictObject({
      url: z
        .string()
        .max(2048)
        // The text itself is not repeated in the error: it may hold a password.
        .superRefine((text, context) => {
          const problem = urlProblem(text);
          if (problem !== undefined) context.addIssue({ code: "custom", message: problem, params: { secret: true } });
        })
        .describe("Whole address to post to, with its path."),
      protocol: z
        .enum(["webhook", "splunk", "elasticsearch", "otlp"])
        .describe("webhook: lines; splunk: HTTP Event Collector; elasticsearch: _bulk; otlp: logs as OTLP/JSON."),
      tokenFile: absolutePath
        .optional()
        .describe("File that holds the token, read at each request, so that it may be rotated."),
      scheme: z
        .enum(["Bearer", "Splunk", "ApiKey", "Basic"])
        .optional()
        .describe(
          "Word before the token in the Authorization header; Splunk and ApiKey for those protocols, Bearer else.",
        ),
      index: z
        .string()
        .regex(/^[a-z0-9][a-z0-9._-]{0,254}$/, "must be the name of an index or data stream")
        .default("logs-cloudtaser.events-default")
        .describe("For elasticsearch: index or data stream."),
      gzip: z.boolean().default(true).describe("Compress what is posted."),
      maxEvents: z
        .int()
        .min(1)
        .max(10_000)
        .default(500)
        .describe("Most events in one request; 1 makes each a JSON document of its own, as falcosidekick wants it."),
      maxBytes: z
        .int()
        .min(64 * 1024)
        .max(64 * MiB)
        .default(MiB)
        .describe("About the most bytes in one request, before compression."),
      timeoutSeconds: z.number().min(1).max(600).default(30).describe("Patience with one request."),
      tls: tls().optional().describe("For https."),
    })
    .refine(
      ({ url, tls: own }) => own === undefined || addressOf(url)?.protocol !== "http:",
      "has tls settings, but an http: address",
    )
    .refine(({ url, tokenFile }) => {
      const address = addressOf(url);
      return tokenFile === undefined || address?.protocol !== "http:" || isLoopback(address.hostname);
    }, "would send the token in clear: use https");

const destinations = ["stdout", "file", "syslog", "http"] as const;

const sinkSchema = () =>
  z
    .strictObject({
      name: name(),
      stdout: z.literal(true).optional().describe("Standard output."),
      file: eventFile.optional().describe("A file."),
      syslog: syslog().optional().describe("A syslog receiver, RFC 5424."),
      http: http().optional().describe("An HTTP receiver of batches."),
      format: z
        .enum(formatNames)
        .optional()
        .describe("Form of the events; without it ecs for elasticsearch, native for all others."),
      filter: filter(),
      queue: queue(),
      spool: spool(),
    })
    .refine(
      (one) => destinations.filter((key) => one[key] !== undefined).length === 1,
      `needs exactly one of ${destinations.join(", ")}`,
    )
    .refine(
      ({ http: target, format }) => target?.protocol !== "elasticsearch" || format === undefined || isJson(format),
      "elasticsearch takes only formats that are JSON",
    )
    // A data stream of Elasticsearch may refuse what has no @timestamp.
    .transform((one) => ({
      ...one,
      format: one.format ?? (one.http?.protocol === "elasticsearch" ? "ecs" : "native"),
    }));

export const eventFile = z.lazy(fileSchema);

export const sinks = z
  .array(z.lazy(sinkSchema))
  .max(8)
  .refine((list) => new Set(list.map((one) => one.name)).size === list.length, "two sinks have the same name")
  .default([])
  .describe("Further places that events go to, eight at most, each behind its own queue.");

export type SinkConfig = z.output<ReturnType<typeof sinkSchema>>;
