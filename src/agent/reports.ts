// SPDX-License-Identifier: Apache-2.0
// What the agent says of itself over the control socket and /status. Reads, never changes.
import { type Config, policyOf } from "../config/index.js";
import type { DoorReport, ProcessReport, StatusReport, VectorReport } from "../control/protocol.js";
import type { DoorStatus, Kernel, KernelFacts } from "../kernel/index.js";
import type { ScopeRecord } from "../scope/index.js";
import { vectorEntry, vectorNames } from "../vectors/index.js";

export const doorReport = (status: DoorStatus): DoorReport => ({
  door: status.door,
  form: status.form,
  attached: status.attached,
  idle: status.idle,
  proved: status.proved,
  reason: status.reason,
  soundness: status.soundness,
  recursionMisses: status.recursionMisses.toString(),
});

export function processReport(record: ScopeRecord, workloadOf: (group: number) => string): ProcessReport {
  return {
    pid: record.who.tgid,
    comm: record.who.comm,
    uid: record.who.uid,
    startBoottimeNs: record.who.startBoottimeNs.toString(),
    workload: workloadOf(record.who.group),
    tracer: record.tracer,
  };
}

export function vectorReports(config: Config, kernel: Kernel): VectorReport[] {
  const doors = new Map(kernel.doors.map((door) => [door.door as string, door]));
  const counts = new Map(kernel.outcomes().map(({ vector, outcome, count }) => [`${vector} ${outcome}`, count]));
  return vectorNames.map((vector) => {
    const entry = vectorEntry(vector);
    const own = entry.doors.map((name) => doors.get(name));
    const weak = own.find((door) => !door?.proved);
    const count = (outcome: string): string => (counts.get(`${vector} ${outcome}`) ?? 0n).toString();
    const { mode, kill } = policyOf(config, vector);
    return {
      vector,
      title: entry.title,
      event: entry.eventType,
      mode,
      kill,
      form: kernel.form,
      doors: [...entry.doors],
      proved: own.every((door) => door?.proved),
      idle: kernel.idle,
      reason: weak ? `${weak.door}: ${weak.reason}` : "",
      soundness: own.find((door) => door && door.soundness !== "sound")?.soundness ?? "sound",
      observed: count("observed"),
      denied: count("denied"),
      allowed: count("allowed"),
    };
  });
}

/** What an operator should know of this machine. */
export function warningsOf(kernel: Kernel, facts: KernelFacts): string[] {
  const warnings: string[] = [];
  if (kernel.doors.some((door) => (door.attached || door.idle) && door.soundness !== "sound")) {
    warnings.push(
      `this kernel preempts (${facts.preemption}) and bpf is not in its LSM list: a guard may be skipped under load. ` +
        `Boot with lsm=${[...(facts.lsms ?? []), "bpf"].join(",")}`,
    );
  }
  const missed = kernel.doors.filter((door) => door.recursionMisses > 0n);
  for (const { door, recursionMisses } of missed) warnings.push(`door ${door} was skipped ${recursionMisses} times`);
  if (!facts.bpffs) warnings.push("no bpffs at /sys/fs/bpf: the guards end with the agent");
  if (!facts.initialPidNamespace)
    warnings.push("not in the initial pid namespace: process ids are not those of the node");
  return warnings;
}

export type StatusParts = Pick<
  StatusReport,
  "version" | "node" | "started" | "notReady" | "config" | "events" | "mode"
> & {
  kernel: Kernel;
  facts: KernelFacts;
  records: ScopeRecord[];
  workloadOf: (group: number) => string;
};

export function statusReport(parts: StatusParts): StatusReport {
  const { kernel, facts, records, workloadOf } = parts;
  const processes = records.map((record) => processReport(record, workloadOf));
  const sizes = new Map<string, number>();
  for (const { workload } of processes) sizes.set(workload, (sizes.get(workload) ?? 0) + 1);
  return {
    version: parts.version,
    node: parts.node,
    pid: process.pid,
    started: parts.started,
    ready: parts.notReady.length === 0,
    notReady: parts.notReady,
    kernel: `${facts.release} ${facts.version}`,
    form: kernel.form,
    mode: parts.mode,
    tookOver: kernel.tookOver,
    idle: kernel.idle,
    lastProof: kernel.lastProof === undefined ? null : new Date(kernel.lastProof).toISOString(),
    config: parts.config,
    doors: kernel.doors.map(doorReport),
    workloads: [...sizes].map(([name, count]) => ({ name, processes: count })),
    processes,
    losses: Object.fromEntries(kernel.losses().map(({ reason, count }) => [reason, count.toString()])),
    events: parts.events,
    warnings: warningsOf(kernel, facts),
  };
}
