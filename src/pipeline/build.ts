// SPDX-License-Identifier: Apache-2.0
// The finished draft as an event. Every string that a process can choose is made printable and bounded here.

import { printable } from "../errors/index.js";
import { type CloudtaserEvent, eventSchemaName, shared } from "../formats/index.js";
import { type ArgumentMeaning, vectorEntry } from "../vectors/index.js";
import { addressText } from "./address.js";
import { formatTime } from "./clock.js";
import { type DecodedIdentity, isSameProcess } from "./decoded.js";
import type { Draft, PipelineContext, Place } from "./draft.js";
import type { ProcessFacts } from "./facts.js";
import { isLeak, leakDetail } from "./leak.js";
import { LruCache } from "./lru.js";
import { errnoName, syscallName } from "./syscalls.js";
import { uuidv7 } from "./uuid.js";

function formatDevice(dev: number): string {
  return `${dev >>> 20}:${dev & 0xfffff}`;
}

function describe(who: DecodedIdentity, known: ProcessFacts, user: string | undefined, bootNs: bigint) {
  return {
    pid: who.tgid,
    tid: who.tid,
    ppid: who.ppid,
    startTime: formatTime(bootNs + who.startBoottimeNs),
    startBoottimeNs: who.startBoottimeNs.toString(),
    uid: who.uid,
    ...(user === undefined ? {} : { user }),
    comm: printable(who.comm, 16),
    exe: {
      ...(known.exePath === undefined ? {} : { path: known.exePath }),
      dev: formatDevice(who.exeDev),
      inode: who.exeIno.toString(),
    },
    cgroup: {
      id: who.cgroupId.toString(),
      ...(known.cgroupPath === undefined ? {} : { path: known.cgroupPath }),
    },
    ...(known.containerId === undefined ? {} : { container: containerOf(known.containerId, known.containerName) }),
    ...(known.pod === undefined ? {} : { pod: known.pod }),
  };
}

const containerOf = (id: string, name: string | undefined) => ({ id, ...(name === undefined ? {} : { name }) });

interface Described<Process> {
  who: DecodedIdentity;
  user: string | undefined;
  bootNs: bigint;
  workload: string | undefined;
  process: Process;
}

/** The last one that was described with these facts: an attacker that tries again is described once. */
const offenders = new WeakMap<ProcessFacts, Described<CloudtaserEvent["offender"]>>();
const targets = new WeakMap<ProcessFacts, Described<NonNullable<CloudtaserEvent["target"]>>>();

function offenderOf({ decoded, offenderFacts: known }: Draft, bootNs: bigint, { facts }: PipelineContext) {
  const who = decoded.offender;
  const user = facts.userName(who.uid);
  const last = offenders.get(known);
  if (last?.bootNs === bootNs && last.user === user && isSameThread(last.who, who)) return last.process;
  const process = shared({ ...describe(who, known, user, bootNs), parent: known.parent });
  offenders.set(known, { who, user, bootNs, workload: undefined, process });
  return process;
}

function targetOf({ decoded, targetFacts: known }: Draft, bootNs: bigint, { facts, workloadOf }: PipelineContext) {
  if (known === undefined) return null;
  const who = decoded.target;
  const user = facts.userName(who.uid);
  const workload = workloadOf(who.group);
  const last = targets.get(known);
  if (
    last?.bootNs === bootNs &&
    last.user === user &&
    last.workload === workload &&
    last.who.group === who.group &&
    isSameThread(last.who, who)
  )
    return last.process;
  const process = shared({
    ...describe(who, known, user, bootNs),
    group: who.group,
    ...(workload === undefined ? {} : { workload: printable(workload, 64) }),
  });
  targets.set(known, { who, user, bootNs, workload, process });
  return process;
}

/** All that is described, the names included. */
const isSameThread = (one: DecodedIdentity, other: DecodedIdentity): boolean =>
  isSameProcess(one, other) && one.tid === other.tid && one.uid === other.uid && one.comm === other.comm;

function argumentText(value: bigint, { form }: ArgumentMeaning, { abi }: PipelineContext): string | number {
  if (form === "bits") return `0x${value.toString(16)}`;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return value.toString();
  if (form === "number") return Number(value);
  if (form === "vector") return abi.vector(Number(value)) ?? Number(value);
  if (form === "address") return "";
  return form[Number(value)] ?? Number(value);
}

function detailOf({ decoded, vector }: Draft, context: PipelineContext): CloudtaserEvent["detail"] {
  const entry = vectorEntry(vector);
  if (isLeak(vector)) return leakDetail(decoded, context.abi, (id) => context.secretOf(id));
  const detail: CloudtaserEvent["detail"] = {};
  for (let index = 0; index < entry.args.length; index++) {
    const argument = entry.args[index];
    if (argument === undefined) break;
    const value = decoded.arg[index] ?? 0n;
    detail[argument.key] =
      argument.form === "address"
        ? addressText(value, decoded.arg[index + 1] ?? 0n)
        : argumentText(value, argument, context);
  }
  if (entry.name !== undefined && decoded.name !== "") detail[entry.name.key] = printable(decoded.name, 64);
  return detail;
}

/** By number; those of 32 bits apart. Whoever attacks chooses the number. */
const calls = [new LruCache<number, Syscall>(64), new LruCache<number, Syscall>(64)] as const;
type Syscall = NonNullable<CloudtaserEvent["syscall"]>;

function syscallOf({ decoded }: Draft, { abi }: PipelineContext): CloudtaserEvent["syscall"] {
  const { flags } = abi;
  const number = decoded.syscall;
  if (number < 0 || (decoded.flags & flags.io_worker) !== 0) return null;
  const compat = (decoded.flags & flags.compat) !== 0;
  const known = calls[compat ? 1 : 0];
  const found = known.get(number);
  if (found !== undefined) return found;
  const call = shared({ number, name: syscallName(number, compat), compat });
  known.set(number, call);
  return call;
}

let shownNode = { name: "", text: "" };

function nodeText(name: string): string {
  if (name !== shownNode.name) shownNode = { name, text: printable(name, 253) };
  return shownNode.text;
}

/** Key by key: this is made of every record, and spreads are dear. */
export function buildEvent(draft: Draft, place: Place, context: PipelineContext): CloudtaserEvent {
  const { decoded, verdict } = draft;
  const bootNs = context.clock.offsetNs();
  const wallNs = bootNs + decoded.timeNs;
  return {
    schema: eventSchemaName,
    id: uuidv7(Number(wallNs / 1_000_000n), place.seq),
    seq: place.seq,
    prev: place.prev,
    time: formatTime(wallNs),
    node: nodeText(context.node),
    boot: context.boot,
    type: vectorEntry(draft.vector).eventType,
    vector: draft.vector,
    severity: verdict.severity,
    mode: verdict.mode,
    outcome: verdict.outcome,
    killed: verdict.killed,
    leakWindow: verdict.leakWindow,
    count: draft.count,
    offender: offenderOf(draft, bootNs, context),
    target: targetOf(draft, bootNs, context),
    syscall: syscallOf(draft, context),
    error: errnoName(decoded.error),
    door: context.abi.door(decoded.door),
    detail: detailOf(draft, context),
  };
}
