// SPDX-License-Identifier: Apache-2.0
// An alert object as Falco prints it with json_output, for falcosidekick and whatever else reads those. Fields that Falco has
// carry its names; the rest is below `cloudtaser.`.

import { type AnyEvent, isNotice } from "./any.js";
import type { CloudtaserEvent, EventOffender } from "./event.js";
import { attackKindOf } from "./kinds.js";
import type { NoticeEvent } from "./notice.js";
import { product } from "./product.js";
import { ruleOf } from "./rules.js";
import { severityScales } from "./severity.js";
import { summaryOf } from "./summary.js";
import { jsonLine, titleOf } from "./text.js";

const own = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [`${product.name}.${key}`, value]),
  );

const detailFields = (detail: AnyEvent["detail"]) =>
  own(Object.fromEntries(Object.entries(detail).map(([key, value]) => [`detail.${key}`, value])));

function frame(event: AnyEvent, rule: string, source: string) {
  const priority = severityScales[event.severity].falco;
  return {
    uuid: event.id,
    // As Falco writes it: time of day, priority, what.
    output: `${event.time.slice(11, 29)}: ${priority} ${summaryOf(event)}`,
    priority,
    rule,
    source,
    time: event.time,
    hostname: event.node,
  };
}

/** proc.aname[2] is the parent's parent. */
function ancestorFields({ parent }: EventOffender) {
  const fields: Record<string, unknown> = {};
  for (const [index, { pid, comm, exe }] of parent.entries()) {
    if (index === 0)
      Object.assign(fields, { "proc.pname": comm, ...(exe === undefined ? {} : { "proc.pexepath": exe }) });
    else Object.assign(fields, { [`proc.aname[${index + 1}]`]: comm, [`proc.apid[${index + 1}]`]: pid });
  }
  return fields;
}

function attackFields(event: CloudtaserEvent) {
  const { offender, target } = event;
  return {
    "evt.time.iso8601": event.time,
    "evt.type": event.syscall?.name ?? null,
    "evt.res": event.error ?? "SUCCESS",
    "evt.hostname": event.node,
    "proc.name": offender.comm,
    "proc.pid": offender.pid,
    "proc.ppid": offender.ppid,
    "thread.tid": offender.tid,
    "proc.exepath": offender.exe.path ?? null,
    "proc.exe_ino": offender.exe.inode,
    ...ancestorFields(offender),
    "user.uid": offender.uid,
    "user.name": offender.user ?? null,
    "container.id": offender.container?.id ?? "host",
    ...own({
      type: event.type,
      vector: event.vector,
      outcome: event.outcome,
      mode: event.mode,
      killed: event.killed,
      leakWindow: event.leakWindow,
      count: event.count,
      seq: event.seq,
      boot: event.boot,
      door: event.door,
      "target.pid": target?.pid,
      "target.name": target?.comm,
      "target.exepath": target?.exe.path,
      "target.uid": target?.uid,
      "target.user": target?.user,
      "target.container.id": target?.container?.id,
      "target.workload": target?.workload,
    }),
    ...detailFields(event.detail),
  };
}

/** `mitre_credential_access`, as Falco's rules are tagged. */
const tacticTag = (name: string): string => `mitre_${name.toLowerCase().replaceAll(" ", "_")}`;

function attackTags({ vector, offender }: CloudtaserEvent): string[] {
  const { attacks, techniques } = ruleOf(vector);
  const tactics = attacks
    .flatMap((one) => one.tactics)
    .flatMap(({ name }) => (name === undefined ? [] : [tacticTag(name)]));
  return [product.name, offender.container === undefined ? "host" : "container", ...new Set(tactics), ...techniques];
}

function attackToFalco(event: CloudtaserEvent) {
  const rule = attackKindOf(event.type, event.target !== null).falcoRule ?? ruleOf(event.vector).title;
  return {
    ...frame(event, rule, "syscall"),
    tags: attackTags(event),
    output_fields: attackFields(event),
  };
}

function noticeToFalco(event: NoticeEvent) {
  return {
    // Falco's own word for what it tells of itself.
    ...frame(event, titleOf(event.type), "internal"),
    tags: [product.name, "agent"],
    output_fields: {
      "evt.time.iso8601": event.time,
      "evt.hostname": event.node,
      ...own({
        type: event.type,
        count: event.count,
        seq: event.seq,
        boot: event.boot,
        door: event.door ?? undefined,
        vectors: event.vectors.length === 0 ? undefined : event.vectors.join(","),
      }),
      ...detailFields(event.detail),
    },
  };
}

export function toFalco(event: AnyEvent): Record<string, unknown> {
  return isNotice(event) ? noticeToFalco(event) : attackToFalco(event);
}

export function formatFalco(event: AnyEvent): string {
  return jsonLine(toFalco(event));
}
