// SPDX-License-Identifier: Apache-2.0
// IBM's Log Event Extended Format 2.0, without a syslog header: that is the sink's. The format has no way to escape a delimiter in a
// value, so it is one that no value can hold: a tab, which is named in the header as 2.0 wants it.

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
import { plain, titleOf } from "./text.js";

/** A bar would end the header's field, and cannot be escaped. */
const headerText = (text: string) => plain(text, lengths.name).replaceAll("|", "/");

const common: readonly Field<AnyEvent>[] = [
  field("sev", "`severity`, 1 to 10", (event) => severityScales[event.severity].leef),
  field("devTime", "`time`, to the millisecond", (event) => plain(event.time, 40).replace(/(\.\d{3})\d*Z$/, "$1Z")),
  field("devTimeFormat", "how `devTime` is written", () => "yyyy-MM-dd'T'HH:mm:ss.SSSX"),
  field("identHostName", "`node`", nodeText),
  field("bootId", "`boot`", ({ boot }) => nameText(boot)),
  field("eventId", "`id`", idText),
  field("sequence", "`seq`", (event) => event.seq),
  field("count", "`count`", (event) => event.count),
];

export const leefAttackFields: readonly Field<CloudtaserEvent>[] = [
  field("cat", "`outcome`: with the event id it is what QRadar maps to an event of its own", (event) => event.outcome),
  ...common,
  field("policy", "`vector`", (event) => nameText(event.vector)),
  field("title", "title of the vector", (event) => ruleOf(event.vector).title),
  field("resource", "`target.workload`", ({ target }) => nameText(target?.workload)),
  field("usrName", "`offender.user`, else its uid", ({ offender }) => nameText(offender.user ?? String(offender.uid))),
  field("action", "blocked, observed, allowed or killed; `+killed` if the offender was too", actionText),
  field("mode", "`mode`", (event) => event.mode),
  field("leakWindow", "`leakWindow`", (event) => String(event.leakWindow)),
  field("error", "`error`", (event) => nameText(event.error ?? undefined)),
  field("srcPid", "`offender.pid`", ({ offender }) => offender.pid),
  field("srcProcess", "`offender.comm`", ({ offender }) => nameText(offender.comm)),
  field("srcUid", "`offender.uid`", ({ offender }) => offender.uid),
  field("srcExecutable", "`offender.exe.path`", ({ offender }) => pathText(offender.exe.path)),
  field("srcExecutableFile", "`offender.exe.dev` and `.inode`", ({ offender }) => fileText(offender.exe)),
  field("srcContainerId", "`offender.container.id`", ({ offender }) => nameText(offender.container?.id)),
  field("srcNamespace", "`offender.pod.namespace`", ({ offender }) => nameText(offender.pod?.namespace)),
  field("srcPod", "`offender.pod.name`", ({ offender }) => nameText(offender.pod?.name)),
  field("srcParents", "`offender.parent`, nearest first", ({ offender }) => parentsText(offender)),
  field("dstPid", "`target.pid`", ({ target }) => target?.pid),
  field("dstProcess", "`target.comm`", ({ target }) => nameText(target?.comm)),
  field("dstUid", "`target.uid`", ({ target }) => target?.uid),
  field("dstExecutable", "`target.exe.path`", ({ target }) => pathText(target?.exe.path)),
  field("dstContainerId", "`target.container.id`", ({ target }) => nameText(target?.container?.id)),
  field("dstNamespace", "`target.pod.namespace`", ({ target }) => nameText(target?.pod?.namespace)),
  field("dstPod", "`target.pod.name`", ({ target }) => nameText(target?.pod?.name)),
  field("object", "the name in `detail`, of a file mostly", objectText),
  field("syscall", "`syscall.name`", ({ syscall }) => nameText(syscall?.name)),
  field("hook", "`door`", (event) => nameText(event.door)),
  field("techniques", "ATT&CK techniques of the vector", techniquesText),
  field("detail", "the rest of `detail`", argumentsText),
];

export const leefNoticeFields: readonly Field<NoticeEvent>[] = [
  field("cat", "`agent`", () => "agent"),
  ...common,
  field("title", "`type`, for people", (event) => titleOf(event.type)),
  field("vectors", "`vectors`", vectorsText),
  field("hook", "`door`", (event) => nameText(event.door ?? undefined)),
  field("detail", "`detail`", argumentsText),
];

function line<Event extends AnyEvent>(event: Event, fields: readonly Field<Event>[]): string {
  const header = [product.vendor, product.name, product.version, event.type].map(headerText).join("|");
  const attributes = fields.flatMap(({ key, of }) => {
    const value = of(event);
    return value === undefined ? [] : [`${key}=${value}`];
  });
  return `LEEF:2.0|${header}|x09|${attributes.join("\t")}\n`;
}

export function formatLeef(event: AnyEvent): string {
  return isNotice(event) ? line(event, leefNoticeFields) : line(event, leefAttackFields);
}
