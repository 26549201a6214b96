// SPDX-License-Identifier: Apache-2.0
// ArcSight's Common Event Format, version 0, without a syslog header: that is the sink's. Consumers read the custom fields by their
// number, so what each holds never changes.

import { type AnyEvent, isNotice } from "./any.js";
import type { CloudtaserEvent } from "./event.js";
import {
  actionText,
  argumentsText,
  type Field,
  field,
  fileText,
  idText,
  lengths,
  nameText,
  nodeText,
  objectText,
  parentsText,
  pathText,
  techniquesText,
  vectorsText,
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

const common: readonly Field<AnyEvent>[] = [
  field("rt", "`time`, in milliseconds since 1970", (event) => epochMs(event.time)),
  field("externalId", "`id`", idText),
  field("dvchost", "`node`", nodeText),
  field("cnt", "`count`", (event) => event.count),
  field("cn1", "`seq`", (event) => event.seq, "sequence"),
];

const outcomes = { denied: "failure", killed: "unknown", observed: "success", allowed: "success" } as const;

export const cefAttackFields: readonly Field<CloudtaserEvent>[] = [
  ...common,
  field("cat", "`vector`", (event) => nameText(event.vector)),
  field("act", "blocked, observed, allowed or killed; `+killed` if the offender was too", actionText),
  field(
    "outcome",
    "of the attempt: failure, success, or unknown after a late kill",
    (event) => outcomes[event.outcome],
  ),
  field("reason", "`error`", (event) => nameText(event.error ?? undefined)),
  field("spid", "`offender.pid`", ({ offender }) => offender.pid),
  field("sproc", "`offender.comm`", ({ offender }) => nameText(offender.comm)),
  field("suid", "`offender.uid`", ({ offender }) => offender.uid),
  field("suser", "`offender.user`", ({ offender }) => nameText(offender.user)),
  field("dpid", "`target.pid`", ({ target }) => target?.pid),
  field("dproc", "`target.comm`", ({ target }) => nameText(target?.comm)),
  field("duid", "`target.uid`", ({ target }) => target?.uid),
  field("duser", "`target.user`", ({ target }) => nameText(target?.user)),
  field("fname", "the name in `detail`, of a file mostly", objectText),
  field("cs1", "`target.workload`", ({ target }) => nameText(target?.workload), "workload"),
  field("cs2", "`offender.exe.path`", ({ offender }) => pathText(offender.exe.path), "sourceExecutable"),
  field("cs3", "`offender.container.id`", ({ offender }) => nameText(offender.container?.id), "sourceContainerId"),
  field("cs4", "ATT&CK techniques of the vector", techniquesText, "techniques"),
  field("cs5", "`door`", (event) => nameText(event.door), "hook"),
  field("cs6", "`offender.parent`, nearest first", ({ offender }) => parentsText(offender), "sourceParents"),
  field("cn2", "`leakWindow`, 1 or 0", (event) => (event.leakWindow ? 1 : 0), "leakWindow"),
  field("cn3", "`target.group`", ({ target }) => target?.group, "targetGroup"),
  field(
    "flexString2",
    "`offender.exe.dev` and `.inode`",
    ({ offender }) => fileText(offender.exe),
    "sourceExecutableFile",
  ),
  field("msg", "the rest of `detail`", argumentsText),
];

export const cefNoticeFields: readonly Field<NoticeEvent>[] = [
  ...common,
  field("cat", "`agent`", () => "agent"),
  field("flexString1", "`vectors`", vectorsText, "vectors"),
  field("cs5", "`door`", (event) => nameText(event.door ?? undefined), "hook"),
  field("msg", "`detail`", argumentsText),
];

function line<Event extends AnyEvent>(event: Event, name: string, fields: readonly Field<Event>[]): string {
  const header = [product.vendor, product.name, product.version, event.type, name].map(headerText).join("|");
  const extension = fields.flatMap(({ key, label, of }) => {
    const value = of(event);
    if (value === undefined) return [];
    const text = `${key}=${valueText(String(value))}`;
    return label === undefined ? [text] : [text, `${key}Label=${label}`];
  });
  return `CEF:0|${header}|${severityScales[event.severity].cef}|${extension.join(" ")}\n`;
}

export function formatCef(event: AnyEvent): string {
  if (isNotice(event)) return line(event, titleOf(event.type), cefNoticeFields);
  return line(event, ruleOf(event.vector).title, cefAttackFields);
}
