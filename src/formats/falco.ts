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

/** Adds what is there under our prefix. */
function addOwn(fields: Record<string, unknown>, own: Readonly<Record<string, unknown>>, prefix = ""): void {
  for (const key of Object.keys(own)) if (own[key] !== undefined) fields[`${product.name}.${prefix}${key}`] = own[key];
}

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
function addAncestors(fields: Record<string, unknown>, { parent }: EventOffender): void {
  for (const [index, { pid, comm, exe }] of parent.entries()) {
    if (index === 0) {
      fields["proc.pname"] = comm;
      fields["proc.pexepath"] = exe;
    } else {
      fields[`proc.aname[${index + 1}]`] = comm;
      fields[`proc.apid[${index + 1}]`] = pid;
    }
  }
}

function attackFields(event: CloudtaserEvent): Record<string, unknown> {
  const { offender, target } = event;
  const fields: Record<string, unknown> = {
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
    "user.uid": offender.uid,
    "user.name": offender.user ?? null,
    "container.id": offender.container?.id ?? "host",
    ...podFields(offender),
  };
  addAncestors(fields, offender);
  const { type, vector, outcome, mode, killed, leakWindow, count, seq, boot, door } = event;
  addOwn(fields, { type, vector, outcome, mode, killed, leakWindow, count, seq, boot, door });
  if (target !== null) {
    const { pid, comm, exe, uid, user, workload } = target;
    const named = { pid, name: comm, exepath: exe.path, uid, user, "container.id": target.container?.id, workload };
    const { namespace, name } = target.pod ?? {};
    addOwn(fields, { "k8s.ns.name": namespace, "k8s.pod.name": name }, "target.");
    addOwn(fields, named, "target.");
  }
  addOwn(fields, event.detail, "detail.");
  return fields;
}

/** Under the names of Falco's own fields, where there is a pod. */
function podFields({ container, pod }: CloudtaserEvent["offender"]): Record<string, string> {
  if (pod === undefined) return {};
  const named = container?.name === undefined ? {} : { "container.name": container.name };
  return { ...named, "k8s.ns.name": pod.namespace, "k8s.pod.name": pod.name, "k8s.pod.uid": pod.uid };
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

function noticeFields({ time, node, type, count, seq, boot, door, vectors, detail }: NoticeEvent) {
  const fields: Record<string, unknown> = { "evt.time.iso8601": time, "evt.hostname": node };
  const affected = vectors.length === 0 ? undefined : vectors.join(",");
  addOwn(fields, { type, count, seq, boot, door: door ?? undefined, vectors: affected });
  addOwn(fields, detail, "detail.");
  return fields;
}

function noticeToFalco(event: NoticeEvent) {
  return {
    // Falco's own word for what it tells of itself.
    ...frame(event, titleOf(event.type), "internal"),
    tags: [product.name, "agent"],
    output_fields: noticeFields(event),
  };
}

export function toFalco(event: AnyEvent): Record<string, unknown> {
  return isNotice(event) ? noticeToFalco(event) : attackToFalco(event);
}

export function formatFalco(event: AnyEvent): string {
  return jsonLine(toFalco(event));
}
