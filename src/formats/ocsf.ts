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
    6002: { name: "Application Lifecycle", activities: { 3: "Start", 4: "Stop" } },
    6008: { name: "Application Error", activities: { 1: "General Error" } },
  };

const categories: Readonly<Record<number, string>> = { 1: "System Activity", 6: "Application Activity" };

/** by outcome: action, disposition, status. A kill after the fact stopped nothing: the act went on before it. */
const verdicts = {
  denied: { action: [2, "Denied"], disposition: [2, "Blocked"], status: [2, "Failure"] },
  killed: { action: [1, "Allowed"], disposition: [7, "Custom Action"], status: [0, "Unknown"] },
  observed: { action: [3, "Observed"], disposition: [17, "Logged"], status: [1, "Success"] },
  allowed: { action: [1, "Allowed"], disposition: [1, "Allowed"], status: [1, "Success"] },
} as const;

function classOf({ ocsf }: Kind, other: string) {
  const { name, activities } = ocsfClasses[ocsf.class];
  const category = Math.floor(ocsf.class / 1000);
  return {
    activity_id: ocsf.activity,
    // 99 takes the source's own word.
    activity_name: activities[ocsf.activity] ?? other,
    category_uid: category,
    category_name: categories[category],
    class_uid: ocsf.class,
    class_name: name,
    type_uid: ocsf.class * 100 + ocsf.activity,
    type_name: `${name}: ${activities[ocsf.activity] ?? "Other"}`,
  };
}

/** What both kinds of event have. */
function frame(event: AnyEvent, profiles: readonly string[]) {
  const { id, caption } = severityScales[event.severity].ocsf;
  return {
    time: epochMs(event.time),
    severity_id: id,
    severity: caption,
    message: summaryOf(event),
    count: event.count,
    metadata: {
      version: ocsfVersion,
      product: { name: product.name, vendor_name: product.vendor, version: product.version },
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
      ...(event.boot === undefined ? {} : { boot_uid: event.boot }),
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
  const { id, seq, time, node, boot, severity, count, offender, target, syscall, error, killed, leakWindow, ...rest } =
    event;
  const kind = attackKindOf(event.type, target !== null);
  const rule = ruleOf(event.vector);
  const subject = subjectOf(event, kind.ocsf.class);
  const { action, disposition, status } = verdicts[event.outcome];
  const inContainer =
    offender.container !== undefined || (subject["process"] !== undefined && target?.container !== undefined);
  return {
    ...classOf(kind, rule.title),
    ...frame(event, ["host", "security_control", ...(inContainer ? ["container"] : [])]),
    actor: actorOf(offender, node),
    ...subject,
    action_id: action[0],
    action: action[1],
    disposition_id: disposition[0],
    disposition: disposition[1],
    is_alert: event.outcome !== "allowed",
    status_id: status[0],
    status: status[1],
    ...(error === null ? {} : { status_code: error }),
    status_detail: statusText(event),
    policy: { uid: event.vector, name: rule.title },
    ...(rule.attacks.length === 0 ? {} : { attacks: attacksOf(event.vector) }),
    unmapped: {
      ...rest,
      killed,
      leakWindow,
      ...(syscall === null ? {} : { syscall }),
      offender: { startTime: offender.startTime, startBoottimeNs: offender.startBoottimeNs, cgroup: offender.cgroup },
      target:
        target === null
          ? null
          : { ...(subject["process"] === undefined ? processOf(target, node) : {}), ...groupOf(target) },
    },
  };
}

const groupOf = ({ group, workload, cgroup }: EventTarget) => ({
  group,
  ...(workload === undefined ? {} : { workload }),
  cgroup,
});

function noticeToOcsf(event: NoticeEvent) {
  const { id, seq, time, node, boot, severity, vector, count, ...rest } = event;
  const kind = noticeKindOf(event.type);
  return {
    ...classOf(kind, titleOf(event.type)),
    ...frame(event, ["host"]),
    ...(kind.ocsf.class === 6002
      ? { app: { name: product.name, vendor_name: product.vendor, version: product.version } }
      : {}),
    unmapped: rest,
  };
}

export function toOcsf(event: AnyEvent): Record<string, unknown> {
  return isNotice(event) ? noticeToOcsf(event) : attackToOcsf(event);
}

export function formatOcsf(event: AnyEvent): string {
  return jsonLine(toOcsf(event));
}
