// SPDX-License-Identifier: Apache-2.0
// IBM's Log Event Extended Format 2.0, without a syslog header: that is the sink's. The format has no way to escape a delimiter in a
// value, so it is one that no value can hold: a tab, which is named in the header as 2.0 wants it.

import { type AnyEvent, isNotice } from "./any.js";
import type { CloudtaserEvent } from "./event.js";
import {
  actionText,
  argumentsText,
  type Fields,
  lengths,
  nameText,
  objectText,
  parentsText,
  pathText,
  present,
} from "./fields.js";
import type { NoticeEvent } from "./notice.js";
import { product } from "./product.js";
import { ruleOf } from "./rules.js";
import { severityScales } from "./severity.js";
import { plain, titleOf } from "./text.js";

/** A bar would end the header's field, and cannot be escaped. */
const headerText = (text: string) => plain(text, lengths.name).replaceAll("|", "/");

function line(event: AnyEvent, fields: Fields): string {
  const header = [product.vendor, product.name, product.version, event.type].map(headerText).join("|");
  const attributes = present(fields).map(([key, value]) => `${key}=${value}`);
  return `LEEF:2.0|${header}|x09|${attributes.join("\t")}\n`;
}

/** cat: with the event id it is what QRadar maps to an event of its own. */
const common = (event: AnyEvent, category: string): Fields => [
  ["cat", category],
  ["sev", severityScales[event.severity].leef],
  ["devTime", plain(event.time, 40).replace(/(\.\d{3})\d*Z$/, "$1Z")],
  ["devTimeFormat", "yyyy-MM-dd'T'HH:mm:ss.SSSX"],
  ["identHostName", plain(event.node, lengths.node)],
  ["eventId", plain(event.id, 40)],
  ["bootId", event.boot],
  ["sequence", event.seq],
  ["count", event.count],
];

function attackFields(event: CloudtaserEvent): Fields {
  const { offender, target } = event;
  const { title, techniques } = ruleOf(event.vector);
  return [
    ...common(event, event.outcome),
    ["policy", nameText(event.vector)],
    ["title", plain(title, lengths.name)],
    ["resource", nameText(target?.workload)],
    ["usrName", nameText(offender.user ?? String(offender.uid))],
    ["action", actionText(event)],
    ["mode", event.mode],
    ["leakWindow", String(event.leakWindow)],
    ["error", nameText(event.error ?? undefined)],
    ["srcPid", offender.pid],
    ["srcProcess", nameText(offender.comm)],
    ["srcUid", offender.uid],
    ["srcExecutable", pathText(offender.exe.path)],
    ["srcContainerId", nameText(offender.container?.id)],
    ["srcParents", parentsText(offender)],
    ["dstPid", target?.pid],
    ["dstProcess", nameText(target?.comm)],
    ["dstUid", target?.uid],
    ["dstExecutable", pathText(target?.exe.path)],
    ["dstContainerId", nameText(target?.container?.id)],
    ["object", objectText(event)],
    ["syscall", nameText(event.syscall?.name)],
    ["hook", nameText(event.door)],
    ["techniques", techniques.length === 0 ? undefined : techniques.join(",")],
    ["detail", argumentsText(event)],
  ];
}

function noticeFields(event: NoticeEvent): Fields {
  return [
    ...common(event, "agent"),
    ["title", titleOf(event.type)],
    ["vectors", event.vectors.length === 0 ? undefined : plain(event.vectors.join(","), lengths.path)],
    ["hook", nameText(event.door ?? undefined)],
    ["detail", argumentsText(event)],
  ];
}

export function formatLeef(event: AnyEvent): string {
  return line(event, isNotice(event) ? noticeFields(event) : attackFields(event));
}
