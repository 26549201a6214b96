// SPDX-License-Identifier: Apache-2.0
// OCSF 1.5: each attack as an event of the class it belongs to, with the profiles security_control and host, as the schema advises
// for alerts about one act. What it has no attribute for lies under `unmapped`.

import { type AnyEvent, isNotice } from "./any.js";
import type { CloudtaserEvent, EventTarget } from "./event.js";
import { attackKindOf, type Kind, noticeKindOf, type OcsfClass } from "./kinds.js";
import type { NoticeEvent } from "./notice.js";
import { actorOf, attacksOf, processOf, subjectOf } from "./ocsf-objects.js";
import { product } from "./product.js";
import { ruleOf } from "./rules.js";
import { severityScales } from "./severity.js";
import { summaryOf } from "./summary.js";
import { epochMs, jsonLine, titleOf } from "./text.js";

/** All that is used is in this version and in those after it. */
export const ocsfVersion = "1.5.0";

export const ocsfClasses: Readonly<Record<OcsfClass, { name: string; activities: Readonly<Record<number, string>> }>> =
  {
    1002: { name: "Kernel Extension Activity", activities: { 1: "Load" } },
    1003: { name: "Kernel Activity", activities: { 2: "Read", 4: "Invoke" } },
    1004: { name: "Memory Activity", activities: { 7: "Read", 8: "Write" } },
    1005: { name: "Module Activity", activities: { 1: "Load" } },
    1007: { name: "Process Activity", activities: { 3: "Open" } },
    4001: { name: "Network Activity", activities: { 6: "Traffic" } },
    6002: { name: "Application Lifecycle", activities: { 3: "Start", 4: "Stop" } },
    6008: { name: "Application Error", activities: { 1: "General Error" } },
  };

const categories: Readonly<Record<number, string>> = {
  1: "System Activity",
  4: "Network Activity",
  6: "Application Activity",
};

/** by outcome: action, disposition, status. A kill after the fact stopped nothing: the act went on before it. */
const verdicts = {
  denied: { action: [2, "Denied"], disposition: [2, "Blocked"], status: [2, "Failure"] },
  killed: { action: [1, "Allowed"], disposition: [7, "Custom Action"], status: [0, "Unknown"] },
  observed: { action: [3, "Observed"], disposition: [17, "Logged"], status: [1, "Success"] },
  allowed: { action: [1, "Allowed"], disposition: [1, "Allowed"], status: [1, "Success"] },
} as const;

const reporter = { name: product.name, vendor_name: product.vendor, version: product.version };

/** What both kinds of event have. Keys that are undefined are none in the line. */
function frame(event: AnyEvent, { ocsf }: Kind, title: string, profiles: readonly string[]) {
  const { id, caption } = severityScales[event.severity].ocsf;
  const { name, activities } = ocsfClasses[ocsf.class];
  const activity = activities[ocsf.activity];
  const category = Math.floor(ocsf.class / 1000);
  return {
    activity_id: ocsf.activity,
    // 99 takes the source's own word.
    activity_name: activity ?? title,
    category_uid: category,
    category_name: categories[category],
    class_uid: ocsf.class,
    class_name: name,
    type_uid: ocsf.class * 100 + ocsf.activity,
    type_name: `${name}: ${activity ?? "Other"}`,
    time: epochMs(event.time),
    severity_id: id,
    severity: caption,
    message: summaryOf(event),
    count: event.count,
    metadata: {
      version: ocsfVersion,
      product: reporter,
      profiles,
      uid: event.id,
      sequence: event.seq,
      event_code: event.type,
      // With the nanoseconds that `time` has no room for.
      original_time: event.time,
    },
    device: {
      hostname: event.node,
      name: event.node,
      type_id: 0,
      type: "Unknown",
      boot_uid: event.boot,
    },
  };
}

function statusText(event: CloudtaserEvent): string {
  const parts = [
    event.outcome === "denied" ? "refused before it took effect" : "went on",
    ...(event.killed ? ["offender killed"] : []),
    ...(event.leakWindow ? ["data may have moved before the response"] : []),
  ];
  return parts.join("; ");
}

function attackToOcsf(event: CloudtaserEvent) {
  const { node, offender, target, syscall } = event;
  const kind = attackKindOf(event.type, target !== null);
  const rule = ruleOf(event.vector);
  const subject = subjectOf(event, kind);
  const { action, disposition, status } = verdicts[event.outcome];
  const inContainer =
    offender.container !== undefined || (subject["process"] !== undefined && target?.container !== undefined);
  const profiles = inContainer ? ["host", "security_control", "container"] : ["host", "security_control"];
  return Object.assign(frame(event, kind, rule.title, profiles), subject, {
    actor: actorOf(offender, node),
    action_id: action[0],
    action: action[1],
    disposition_id: disposition[0],
    disposition: disposition[1],
    is_alert: event.outcome !== "allowed",
    status_id: status[0],
    status: status[1],
    status_code: event.error ?? undefined,
    status_detail: statusText(event),
    policy: { uid: event.vector, name: rule.title },
    attacks: rule.attacks.length === 0 ? undefined : attacksOf(event.vector),
    unmapped: {
      schema: event.schema,
      type: event.type,
      vector: event.vector,
      mode: event.mode,
      outcome: event.outcome,
      killed: event.killed,
      leakWindow: event.leakWindow,
      door: event.door,
      detail: event.detail,
      syscall: syscall ?? undefined,
      offender: { startTime: offender.startTime, startBoottimeNs: offender.startBoottimeNs, cgroup: offender.cgroup },
      target: target === null ? undefined : restOf(target, node, subject["process"] !== undefined),
    },
  });
}

/** Of the target, what the class has no place for. */
function restOf(target: EventTarget, node: string, told: boolean) {
  const { group, workload, cgroup } = target;
  return { process: told ? undefined : processOf(target, node), group, workload, cgroup };
}

function noticeToOcsf(event: NoticeEvent) {
  const kind = noticeKindOf(event.type);
  return {
    ...frame(event, kind, titleOf(event.type), ["host"]),
    app: kind.ocsf.class === 6002 ? reporter : undefined,
    unmapped: {
      schema: event.schema,
      type: event.type,
      vectors: event.vectors,
      door: event.door ?? undefined,
      detail: event.detail,
    },
  };
}

export function toOcsf(event: AnyEvent): Record<string, unknown> {
  return isNotice(event) ? noticeToOcsf(event) : attackToOcsf(event);
}

export function formatOcsf(event: AnyEvent): string {
  return jsonLine(toOcsf(event));
}
