// SPDX-License-Identifier: Apache-2.0
// ArcSight's Common Event Format, version 0, without a syslog header: that is the sink's. The custom fields have had their order
// since the first version; consumers read them by number, so it never changes.

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
import { epochMs, plain, titleOf } from "./text.js";

/** In the header a bar ends a field. */
const headerText = (text: string) => plain(text, lengths.name).replace(/[\\|]/g, "\\$&");

/** In the extension an equals sign ends a key. Line ends are no matter: plain() has left none. */
const valueText = (text: string) => text.replace(/[\\=]/g, "\\$&");

function line(event: AnyEvent, name: string, fields: Fields): string {
  const header = [product.vendor, product.name, product.version, event.type, name].map(headerText).join("|");
  const extension = present(fields).map(([key, value]) => `${key}=${valueText(value)}`);
  return `CEF:0|${header}|${severityScales[event.severity].cef}|${extension.join(" ")}\n`;
}

const custom = (key: string, label: string, value: string | number | undefined): Fields =>
  value === undefined
    ? []
    : [
        [key, value],
        [`${key}Label`, label],
      ];

const common = (event: AnyEvent): Fields => [
  ["rt", epochMs(event.time)],
  ["externalId", plain(event.id, 40)],
  ["dvchost", plain(event.node, lengths.node)],
  ["cnt", event.count],
];

function attackFields(event: CloudtaserEvent): Fields {
  const { offender, target } = event;
  const techniques = ruleOf(event.vector).techniques.join(",");
  return [
    ...common(event),
    ["cat", nameText(event.vector)],
    ["act", actionText(event)],
    ["outcome", event.outcome === "denied" ? "failure" : event.outcome === "killed" ? "unknown" : "success"],
    ["reason", nameText(event.error ?? undefined)],
    ["spid", offender.pid],
    ["sproc", nameText(offender.comm)],
    ["suid", offender.uid],
    ["suser", nameText(offender.user)],
    ["dpid", target?.pid],
    ["dproc", nameText(target?.comm)],
    ["duid", target?.uid],
    ["duser", nameText(target?.user)],
    ["fname", objectText(event)],
    ...custom("cs1", "workload", nameText(target?.workload)),
    ...custom("cs2", "sourceExecutable", pathText(offender.exe.path)),
    ...custom("cs3", "sourceContainerId", nameText(offender.container?.id)),
    ...custom("cs4", "techniques", techniques === "" ? undefined : techniques),
    ...custom("cs5", "hook", nameText(event.door)),
    ...custom("cs6", "sourceParents", parentsText(offender)),
    ...custom("cn1", "sequence", event.seq),
    ...custom("cn2", "leakWindow", event.leakWindow ? 1 : 0),
    ...custom("cn3", "targetGroup", target?.group),
    ["msg", argumentsText(event)],
  ];
}

function noticeFields(event: NoticeEvent): Fields {
  const vectors = event.vectors.length === 0 ? undefined : plain(event.vectors.join(","), lengths.path);
  return [
    ...common(event),
    ["cat", "agent"],
    ...custom("cs2", "vectors", vectors),
    ...custom("cs5", "hook", nameText(event.door ?? undefined)),
    ...custom("cn1", "sequence", event.seq),
    ["msg", argumentsText(event)],
  ];
}

export function formatCef(event: AnyEvent): string {
  if (isNotice(event)) return line(event, titleOf(event.type), noticeFields(event));
  return line(event, ruleOf(event.vector).title, attackFields(event));
}
