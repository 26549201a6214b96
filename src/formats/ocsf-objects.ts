// SPDX-License-Identifier: Apache-2.0
// Objects of OCSF that our events are made of: process, attack, and what each class is about.

import { type AttackName, attackFramework } from "./attack.js";
import type { CloudtaserEvent, EventOffender, EventTarget } from "./event.js";
import type { OcsfClass } from "./kinds.js";
import { ruleOf } from "./rules.js";
import { epochMs } from "./text.js";

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1) || path;

const regularFile = { type_id: 1, type: "Regular File" } as const;
const unknownFile = { type_id: 0, type: "Unknown" } as const;

export const userOf = ({ uid, user }: EventOffender | EventTarget) => ({
  uid: String(uid),
  ...(user === undefined ? {} : { name: user }),
});

export function processOf(who: EventOffender | EventTarget, node: string) {
  const { exe, container } = who;
  return {
    pid: who.pid,
    tid: who.tid,
    uid: `${node}:${who.pid}:${who.startBoottimeNs}`,
    name: who.comm,
    created_time: epochMs(who.startTime),
    file: {
      name: exe.path === undefined ? "unknown" : baseName(exe.path),
      ...(exe.path === undefined ? {} : { path: exe.path }),
      uid: `${exe.dev}:${exe.inode}`,
      ...regularFile,
    },
    user: userOf(who),
    ...(container === undefined ? {} : { container: { uid: container.id } }),
  };
}

function parentOf({ ppid, parent: [nearest] }: EventOffender) {
  if (nearest === undefined || nearest.pid !== ppid) return { pid: ppid };
  const { comm, exe } = nearest;
  return {
    pid: ppid,
    name: comm,
    ...(exe === undefined ? {} : { file: { name: baseName(exe), path: exe, ...regularFile } }),
  };
}

/** The offender's process with its ancestors, nearest first. */
export function actorOf(offender: EventOffender, node: string) {
  const ancestors = offender.parent.map(({ pid, comm, exe }) => ({
    pid,
    name: comm,
    ...(exe === undefined ? {} : { path: exe }),
  }));
  return {
    process: {
      ...processOf(offender, node),
      parent_process: parentOf(offender),
      ...(ancestors.length === 0 ? {} : { ancestry: ancestors }),
    },
    user: userOf(offender),
  };
}

const nameOf = ({ id, name }: AttackName) => ({
  uid: id,
  ...(name === undefined ? {} : { name }),
});

export function attacksOf(vector: string) {
  return ruleOf(vector).attacks.map(({ technique, subTechnique, tactics }) => ({
    technique: nameOf(technique),
    ...(subTechnique === undefined ? {} : { sub_technique: nameOf(subTechnique) }),
    ...(tactics.length === 0 ? {} : { tactics: tactics.map(nameOf) }),
    version: attackFramework.version,
  }));
}

/** The name that the attempt was made by: of a file, module or program. */
function objectName({ vector, detail }: CloudtaserEvent): string | undefined {
  const key = ruleOf(vector).nameKey;
  const name = key === undefined ? undefined : detail[key];
  return name === undefined ? undefined : String(name);
}

function kernelOf(event: CloudtaserEvent) {
  const name = objectName(event);
  if (event.syscall !== null) {
    return {
      name: name ?? event.syscall.name,
      type_id: 2,
      type: "System Call",
      system_call: event.syscall.name,
    };
  }
  return { name: name ?? event.door, type_id: 99, type: "Hook" };
}

/** Linux' own loader did it, told by a variable. */
const byVariable = { load_type_id: 99, load_type: "Loader variable" } as const;

/** What the class requires beside actor and device. */
export function subjectOf(event: CloudtaserEvent, ocsfClass: OcsfClass): Record<string, unknown> {
  const named = { name: objectName(event) ?? "unknown", ...unknownFile };
  if (ocsfClass === 1002) return { driver: { file: named } };
  if (ocsfClass === 1003) return { kernel: kernelOf(event) };
  if (ocsfClass === 1005) return { module: { file: named, ...byVariable } };
  return event.target === null ? {} : { process: processOf(event.target, event.node) };
}
