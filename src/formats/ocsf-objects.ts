// SPDX-License-Identifier: Apache-2.0
// Objects of OCSF that our events are made of: process, attack, and what each class is about. Keys that are undefined are none in
// the line.

import { isIP } from "node:net";
import { type AttackName, attackFramework } from "./attack.js";
import type { CloudtaserEvent, EventOffender, EventTarget } from "./event.js";
import type { Kind } from "./kinds.js";
import { ruleOf } from "./rules.js";
import { epochMs } from "./text.js";

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1) || path;

const regularFile = { type_id: 1, type: "Regular File" } as const;
const unknownFile = { type_id: 0, type: "Unknown" } as const;

export const userOf = ({ uid, user }: EventOffender | EventTarget) => ({
  uid: String(uid),
  name: user,
});

export function processOf(who: EventOffender | EventTarget, node: string) {
  const { exe, container, pod } = who;
  return {
    pid: who.pid,
    tid: who.tid,
    uid: `${node}:${who.pid}:${who.startBoottimeNs}`,
    name: who.comm,
    created_time: epochMs(who.startTime),
    file: {
      name: exe.path === undefined ? "unknown" : baseName(exe.path),
      path: exe.path,
      uid: `${exe.dev}:${exe.inode}`,
      type_id: regularFile.type_id,
      type: regularFile.type,
    },
    user: userOf(who),
    container: container === undefined ? undefined : { uid: container.id, name: container.name, pod_uuid: pod?.uid },
  };
}

function parentOf({ ppid, parent: [nearest] }: EventOffender) {
  if (nearest === undefined || nearest.pid !== ppid) return { pid: ppid };
  const { comm, exe } = nearest;
  return {
    pid: ppid,
    name: comm,
    file: exe === undefined ? undefined : { name: baseName(exe), path: exe, ...regularFile },
  };
}

/** The offender's process with its ancestors, nearest first. */
export function actorOf(offender: EventOffender, node: string) {
  const ancestry = offender.parent.map(({ pid, comm, exe }) => ({ pid, name: comm, path: exe }));
  const process = processOf(offender, node);
  return {
    process: {
      ...process,
      parent_process: parentOf(offender),
      ancestry: ancestry.length === 0 ? undefined : ancestry,
    },
    user: process.user,
  };
}

const nameOf = ({ id, name }: AttackName) => ({
  uid: id,
  ...(name === undefined ? {} : { name }),
});

function attacksMadeFor(vector: string) {
  return ruleOf(vector).attacks.map(({ technique, subTechnique, tactics }) => ({
    technique: nameOf(technique),
    ...(subTechnique === undefined ? {} : { sub_technique: nameOf(subTechnique) }),
    ...(tactics.length === 0 ? {} : { tactics: tactics.map(nameOf) }),
    version: attackFramework.version,
  }));
}

const attacks = new Map<string, ReturnType<typeof attacksMadeFor>>();

/** Only vectors that this version knows have any: others are as many as a sender likes to invent. */
export function attacksOf(vector: string) {
  const known = attacks.get(vector);
  if (known !== undefined) return known;
  const made = attacksMadeFor(vector);
  if (made.length > 0) attacks.set(vector, made);
  return made;
}

/** The name that the attempt was made by: of a file, module or program. */
function objectName({ vector, detail }: CloudtaserEvent): string | undefined {
  const key = ruleOf(vector).nameKey;
  const name = key === undefined ? undefined : detail[key];
  return name === undefined ? undefined : String(name);
}

function kernelOf(event: CloudtaserEvent, activity: number) {
  const call = event.syscall?.name;
  if (activity === 4 && call !== undefined) return { name: call, type_id: 2, type: "System Call", system_call: call };
  return { name: objectName(event) ?? event.door, type_id: 99, type: "Kernel interface", system_call: call };
}

const versions: Readonly<Record<number, string>> = { 4: "IPv4", 6: "IPv6" };

/** Where a process wanted to get: a place of the internet, or a family of addresses for which there are no places. */
function connectionOf({ detail: { road, address, port } }: CloudtaserEvent) {
  const version = isIP(String(address ?? ""));
  const isPlace = road !== "other_family" && version !== 0;
  const name = road === "other_family" ? `address family ${port}` : "unknown";
  return {
    dst_endpoint: isPlace ? { ip: String(address), port: typeof port === "number" ? port : undefined } : { name },
    connection_info: {
      direction_id: 2,
      direction: "Outbound",
      ...(isPlace ? { protocol_ver_id: version, protocol_ver: versions[version] } : {}),
    },
  };
}

/** Linux' own loader did it, told by a variable. */
const byVariable = { load_type_id: 99, load_type: "Loader variable" } as const;

/** What the class requires beside actor and device. */
export function subjectOf(event: CloudtaserEvent, { ocsf }: Kind): Record<string, unknown> {
  const named = { name: objectName(event) ?? "unknown", ...unknownFile };
  if (ocsf.class === 1002) return { driver: { file: named } };
  if (ocsf.class === 1003) return { kernel: kernelOf(event, ocsf.activity) };
  if (ocsf.class === 4001) return connectionOf(event);
  if (ocsf.class === 1005) return { module: { file: named, ...byVariable } };
  return event.target === null ? {} : { process: processOf(event.target, event.node) };
}
