// SPDX-License-Identifier: Apache-2.0
// Elastic Common Schema 8. What ECS has no field for lies under `cloudtaser`, every value of `detail` as a string: one key may hold
// a number or a name, and an index takes only one type a field.

import { type AnyEvent, isNotice } from "./any.js";
import { type AttackName, attackFramework, tacticOf } from "./attack.js";
import type { CloudtaserEvent, EventOffender, EventTarget } from "./event.js";
import { attackKindOf, type Kind, noticeKindOf } from "./kinds.js";
import type { NoticeEvent } from "./notice.js";
import { product } from "./product.js";
import { ruleOf } from "./rules.js";
import { severityScales } from "./severity.js";
import { summaryOf } from "./summary.js";
import { jsonLine, titleOf } from "./text.js";

/** The version whose field list the output is checked against. */
export const ecsVersion = "8.17.0";

const kebab = (text: string): string => text.toLowerCase().replaceAll("_", "-");

const strings = (detail: AnyEvent["detail"]) =>
  Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, String(value)]));

const userOf = ({ uid, user }: EventOffender | EventTarget) => ({
  id: String(uid),
  name: user,
});

function processOf(who: EventOffender | EventTarget, node: string) {
  return {
    pid: who.pid,
    entity_id: `${node}:${who.pid}:${who.startBoottimeNs}`,
    name: who.comm,
    executable: who.exe.path,
    start: who.startTime,
    thread: { id: who.tid },
    user: userOf(who),
  };
}

function parentOf({ ppid, parent: [nearest] }: EventOffender) {
  if (nearest === undefined || nearest.pid !== ppid) return { pid: ppid };
  return { pid: ppid, name: nearest.comm, executable: nearest.exe };
}

function podOf({ pod }: EventOffender) {
  if (pod === undefined) return undefined;
  return { type: "kubernetes", namespace: pod.namespace, resource: { type: "pod", name: pod.name, id: pod.uid } };
}

/** What identifies it beyond ECS. */
const identityOf = ({ exe, cgroup, startBoottimeNs }: EventOffender | EventTarget) => ({
  exe: { dev: exe.dev, inode: exe.inode },
  cgroup,
  startBoottimeNs,
});

function listOf(names: readonly AttackName[]) {
  const known = names.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const ids = names.map(({ id }) => id);
  return { id: ids, ...(known.length === 0 ? {} : { name: known }) };
}

const unique = (names: readonly AttackName[]) => [...new Map(names.map((one) => [one.id, one])).values()];

const threats = new Map<string, object>();

function threatOf(vector: string): object {
  const known = threats.get(vector);
  if (known !== undefined) return known;
  const { attacks, tactics } = ruleOf(vector);
  const subTechniques = attacks.flatMap(({ subTechnique }) => (subTechnique === undefined ? [] : [subTechnique]));
  const threat = {
    framework: attackFramework.name,
    tactic: listOf(tactics.map(tacticOf)),
    technique: {
      ...listOf(unique(attacks.map(({ technique }) => technique))),
      ...(subTechniques.length === 0 ? {} : { subtechnique: listOf(unique(subTechniques)) }),
    },
  };
  // Only vectors that this version knows: others are as many as a sender likes to invent.
  if (attacks.length > 0) threats.set(vector, threat);
  return threat;
}

/** What both kinds of event have. Keys that are undefined are none in the line. */
function frame(
  event: AnyEvent,
  kind: Kind,
  facts: { alert: boolean; action: string; types?: string[]; outcome: string },
) {
  return {
    "@timestamp": event.time,
    ecs: { version: ecsVersion },
    message: summaryOf(event),
    event: {
      id: event.id,
      sequence: event.seq,
      kind: facts.alert ? "alert" : "event",
      category: kind.ecs.category,
      type: [...kind.ecs.type, ...(facts.types ?? [])],
      action: facts.action,
      code: event.type,
      outcome: facts.outcome,
      severity: severityScales[event.severity].ecs,
      module: product.name,
      dataset: `${product.name}.events`,
      provider: event.door ?? undefined,
    },
    host: { hostname: event.node, name: event.node, ...(event.boot === undefined ? {} : { boot: { id: event.boot } }) },
    observer: { vendor: product.vendor, product: product.name, type: "hids", version: product.version },
    agent: { type: product.name, version: product.version },
  };
}

const outcomes = { denied: "failure", killed: "unknown", observed: "success", allowed: "success" } as const;

function attackToEcs(event: CloudtaserEvent) {
  const { node, type, offender, target, vector } = event;
  const rule = ruleOf(vector);
  const actor = processOf(offender, node);
  const victim = target === null ? undefined : processOf(target, node);
  const users = [offender.user, target?.user].filter((name) => name !== undefined);
  const base = frame(event, attackKindOf(type, target !== null), {
    alert: event.outcome !== "allowed",
    action: `${kebab(vector)}-${event.outcome}`,
    types: [event.outcome === "denied" ? "denied" : "allowed"],
    outcome: outcomes[event.outcome],
  });
  return Object.assign(base, {
    rule: { id: vector, name: rule.title, ruleset: product.name },
    threat: rule.attacks.length === 0 ? undefined : threatOf(vector),
    process: { ...actor, parent: parentOf(offender) },
    user: actor.user,
    container: offender.container,
    orchestrator: podOf(offender),
    related: { hosts: [node], user: users.length === 0 ? undefined : [...new Set(users)] },
    // Where Elastic's own endpoint puts the other process of an event.
    Target: victim === undefined ? undefined : { process: victim },
    [product.name]: {
      schema: event.schema,
      vector,
      mode: event.mode,
      outcome: event.outcome,
      killed: event.killed,
      leakWindow: event.leakWindow,
      count: event.count,
      error: event.error ?? undefined,
      detail: strings(event.detail),
      syscall: event.syscall ?? undefined,
      offender: { ...identityOf(offender), parent: offender.parent },
      target: target === null ? undefined : targetOf(target, victim),
    },
  });
}

function targetOf(target: EventTarget, process: unknown) {
  const { group, workload, container, pod } = target;
  return { ...identityOf(target), process, group, workload, container, pod };
}

function noticeToEcs(event: NoticeEvent) {
  const { schema, type, severity, vectors, count, detail } = event;
  return {
    ...frame(event, noticeKindOf(type), {
      alert: severity === "high" || severity === "critical",
      action: kebab(type),
      outcome: "unknown",
    }),
    rule: { id: type, name: titleOf(type), ruleset: product.name },
    related: { hosts: [event.node] },
    [product.name]: { schema, vectors, count, detail: strings(detail) },
  };
}

export function toEcs(event: AnyEvent): Record<string, unknown> {
  return isNotice(event) ? noticeToEcs(event) : attackToEcs(event);
}

export function formatEcs(event: AnyEvent): string {
  return jsonLine(toEcs(event));
}
