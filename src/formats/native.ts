// SPDX-License-Identifier: Apache-2.0
// The event as one line of JSON, the format of the stream and of the file: by JSON.stringify, and for what the pipeline makes
// by a shorter way to the same text.

import type { AnyEvent } from "./any.js";
import type { CloudtaserEvent } from "./event.js";
import { jsonLine, jsonText } from "./text.js";

/** The line without its newline: what is hashed and signed. */
export function nativeText(event: AnyEvent): string {
  return jsonText(event);
}

/** Exactly one line, the newline at its end included. */
export function formatNative(event: AnyEvent): string {
  return jsonLine(event);
}

const text = Symbol("text");

/** For a part of many events: it cannot change from now on, so that its text is made once. A copy of it is no such part. */
export function shared<Part extends object>(part: Part): Part {
  for (const inner of Object.values(part)) freeze(inner);
  return Object.freeze(Object.defineProperty(part, text, { value: jsonText(part) }));
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  for (const inner of Object.values(value)) freeze(inner);
  Object.freeze(value);
}

const partText = (part: object | null): string =>
  part === null ? "null" : ((part as { [text]?: string })[text] ?? jsonText(part));

/** What stands between quotes as it is. */
const harmless = /^[ !#-[\]-~]*$/;

const quoted = (value: string): string => (harmless.test(value) ? `"${value}"` : jsonText(value));

function detailText(detail: CloudtaserEvent["detail"]): string {
  let told = "";
  for (const key of Object.keys(detail)) {
    const value = detail[key] ?? "";
    told += `${told === "" ? "{" : ","}"${key}":${typeof value === "number" ? value : quoted(value)}`;
  }
  return told === "" ? "{}" : `${told}}`;
}

interface Told<Of> {
  of: Of;
  text: string;
}

let opening: Told<Pick<CloudtaserEvent, "node" | "boot">> = { of: { node: "" }, text: '"node":"",' };

/** Of the node and its boot, which are the same from event to event. */
function openingOf({ node, boot }: CloudtaserEvent): string {
  if (node !== opening.of.node || boot !== opening.of.boot) {
    const text = `"node":${quoted(node)},${boot === undefined ? "" : `"boot":${quoted(boot)},`}`;
    opening = { of: { node, boot }, text };
  }
  return opening.text;
}

type Judged = Pick<CloudtaserEvent, "severity" | "mode" | "outcome" | "killed" | "leakWindow">;
/** By vector, as it was judged last. */
const judged = new Map<string, Told<Judged>>();

function judgedText({ type, vector, severity, mode, outcome, killed, leakWindow }: CloudtaserEvent): string {
  const last = judged.get(vector);
  const of = last?.of;
  if (
    of?.outcome === outcome &&
    of.mode === mode &&
    of.severity === severity &&
    of.killed === killed &&
    of.leakWindow === leakWindow
  )
    return last?.text ?? "";
  const text = `"type":"${type}","vector":"${vector}","severity":"${severity}","mode":"${mode}","outcome":"${outcome}","killed":${killed},"leakWindow":${leakWindow},"count":`;
  judged.set(vector, { of: { severity, mode, outcome, killed, leakWindow }, text });
  return text;
}

type Way = Pick<CloudtaserEvent, "syscall" | "error" | "door">;
/** By vector, as it came last. */
const ways = new Map<string, Told<Way>>();

function wayText({ vector, syscall, error, door }: CloudtaserEvent): string {
  const last = ways.get(vector);
  const of = last?.of;
  if (of?.syscall === syscall && of.error === error && of.door === door) return last?.text ?? "";
  const text = `,"syscall":${partText(syscall)},"error":${error === null ? "null" : `"${error}"`},"door":"${door}","detail":`;
  ways.set(vector, { of: { syscall, error, door }, text });
  return text;
}

/** nativeText() of an event that the pipeline has just made: its keys stand in that order, what is an object is shared or
 *  detail, and of its texts only those of node, boot and detail are not its own words. Of few pieces, since it costs to join. */
export function attackText(event: CloudtaserEvent): string {
  return `{"schema":"${event.schema}","id":"${event.id}","seq":${event.seq},"prev":"${event.prev}","time":"${event.time}",${openingOf(event)}${judgedText(event)}${event.count},"offender":${partText(event.offender)},"target":${partText(event.target)}${wayText(event)}${detailText(event.detail)}}`;
}
