// SPDX-License-Identifier: Apache-2.0
// A batch as the body of a request, by protocol, and what its answer says of single events.

import { type Format, isJson } from "../formats/index.js";
import type { Severity } from "../vectors/index.js";
import type { Entry } from "./sink.js";
import { indigestible, type Sent } from "./transport.js";

export interface Body {
  contentType: string;
  text: string;
}

export interface Protocol {
  /** Word before the token. */
  scheme: string;
  /** One event in the body. Throws for one that was damaged in the spool. */
  item(entry: Entry): string;
  body(items: readonly string[], batch: readonly Entry[]): Body;
  /** What an answer of 200 says. */
  judge(batch: readonly Entry[], answer: string): Omit<Sent, "bytes">;
}

const accepted: Omit<Sent, "bytes"> = { again: [], refused: 0 };

/** A receiver may repeat what was sent to it, the token too: nothing of its text gets into an error. */
function parseAnswer(text: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  if (typeof answer !== "object" || answer === null) throw new Error("it is no object");
  return answer as Record<string, unknown>;
}

/** JSON text of the line: itself, or as a string. */
function value(entry: Entry, format: Format): string {
  const line = entry.in(format).trimEnd();
  return isJson(format.name) ? line : JSON.stringify(line);
}

const seconds = (time: string): number => (Date.parse(time) || 0) / 1000;

/** @param single one event a request, which is a document then and not a list of lines */
function webhook(format: Format, single: boolean): Protocol {
  return {
    scheme: "Bearer",
    item: (entry) => entry.in(format),
    body: (items) => ({
      contentType: single && isJson(format.name) ? "application/json" : format.contentType,
      text: items.join(""),
    }),
    judge: () => accepted,
  };
}

/** https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector */
function splunk(format: Format): Protocol {
  return {
    scheme: "Splunk",
    item: (entry) => {
      const { node, time } = entry.event;
      const about = { time: seconds(time), host: node, source: "cloudtaser", sourcetype: `cloudtaser:${format.name}` };
      return `${JSON.stringify(about).slice(0, -1)},"event":${value(entry, format)}}\n`;
    },
    body: (items) => ({ contentType: "application/json", text: items.join("") }),
    judge: () => accepted,
  };
}

interface BulkItem {
  status?: unknown;
  error?: { type?: unknown } | null;
}

/** The id of the document is the event's: one that comes twice is refused as existing, which is well. */
function elasticsearch(format: Format, index: string): Protocol {
  return {
    scheme: "ApiKey",
    item: (entry) => {
      const action = JSON.stringify({ create: { _index: index, _id: entry.event.id } });
      return `${action}\n${entry.in(format).trimEnd()}\n`;
    },
    body: (items) => ({ contentType: "application/x-ndjson", text: items.join("") }),
    judge(batch, answer) {
      const { errors, items } = parseAnswer(answer);
      if (errors === false) return accepted;
      if (!Array.isArray(items) || items.length !== batch.length)
        throw new Error("the answer does not name each document");
      const again: Entry[] = [];
      let refused = 0;
      let reason: string | undefined;
      for (const [number, entry] of batch.entries()) {
        const item = ((items[number] ?? {}) as { create?: BulkItem }).create ?? {};
        const status = Number(item.status);
        if ((status >= 200 && status < 300) || status === 409) continue;
        if (indigestible.has(status)) refused++;
        else again.push(entry);
        const type = /^[a-z_]{1,64}$/.exec(String(item.error?.type))?.[0] ?? "";
        reason ??= `document refused with ${status} ${type}`.trimEnd();
      }
      return { again, refused, ...(reason === undefined ? {} : { reason }) };
    },
  };
}

const otlpSeverities: Readonly<Record<Severity, number>> = { info: 9, low: 12, medium: 13, high: 17, critical: 21 };

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp */
function otlp(format: Format): Protocol {
  const attribute = (key: string, text: string) => ({ key, value: { stringValue: text } });
  return {
    scheme: "Bearer",
    item: (entry) => {
      const { id, time, type, severity, seq } = entry.event;
      return JSON.stringify({
        timeUnixNano: nanoseconds(time),
        observedTimeUnixNano: `${Date.now()}000000`,
        severityNumber: otlpSeverities[severity] ?? 9,
        severityText: severity,
        body: { stringValue: entry.in(format).trimEnd() },
        attributes: [
          attribute("event.name", type),
          attribute("event.id", id),
          { key: "event.sequence", value: { intValue: String(seq) } },
        ],
      });
    },
    body: (items, batch) => {
      const node = batch[0]?.event.node ?? "";
      const resource = { attributes: [attribute("service.name", "cloudtaser"), attribute("host.name", node)] };
      const before = `{"resourceLogs":[{"resource":${JSON.stringify(resource)},"scopeLogs":[{"scope":{"name":"cloudtaser"}`;
      return { contentType: "application/json", text: `${before},"logRecords":[${items.join(",")}]}]}]}` };
    },
    judge(batch, answer) {
      const { partialSuccess } = (answer.trim() === "" ? {} : parseAnswer(answer)) as {
        partialSuccess?: { rejectedLogRecords?: unknown } | null;
      };
      // Those must not be sent again, says the protocol.
      const told = Math.trunc(Number(partialSuccess?.rejectedLogRecords ?? 0)) || 0;
      const refused = Math.min(batch.length, Math.max(0, told));
      return refused === 0 ? accepted : { again: [], refused, reason: `${refused} records refused` };
    },
  };
}

function nanoseconds(time: string): string {
  const [, second = "", fraction = ""] = /^(.{19})\.(\d{9})Z$/.exec(time) ?? [];
  return `${Math.floor((Date.parse(`${second}Z`) || 0) / 1000)}${fraction.padEnd(9, "0")}`;
}

export type ProtocolName = "webhook" | "splunk" | "elasticsearch" | "otlp";

export function protocolOf(
  name: ProtocolName,
  { format, index, maxEvents }: { format: Format; index: string; maxEvents: number },
): Protocol {
  switch (name) {
    case "webhook":
      return webhook(format, maxEvents === 1);
    case "splunk":
      return splunk(format);
    case "elasticsearch":
      return elasticsearch(format, index);
    case "otlp":
      return otlp(format);
  }
}
