// SPDX-License-Identifier: Apache-2.0
// What the agent says of itself over the control socket and /status. Reads, never changes.
import { type Config, policyOf } from "../config/index.js";
import type { DoorReport, ProcessReport, SinkState, StatusReport, VectorReport } from "../control/protocol.js";
import { type DoorStatus, type Kernel, type KernelFacts, mayBeAbsent, readLockdown } from "../kernel/index.js";
import type { Hardening, ScopeRecord } from "../scope/index.js";
import type { SinkReport } from "../sinks/index.js";
import { lateWorth, vectorEntry, vectorNames } from "../vectors/index.js";
import type { EvidenceStatus } from "./evidence.js";
import type { Snapshot } from "./snapshot.js";

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

export const unprovedDoors = ({ doors }: Pick<Kernel, "doors">): string[] =>
  doors.filter(({ proved, untried }) => !proved && !untried).map(({ door, reason }) => `door ${door}: ${reason}`);

export function processReport(
  record: ScopeRecord,
  workloadOf: (group: number) => string,
  hardening: Pick<Hardening, "of">,
): ProcessReport {
  return {
    pid: record.who.tgid,
    comm: record.who.comm,
    uid: record.who.uid,
    startBoottimeNs: record.who.startBoottimeNs.toString(),
    workload: workloadOf(record.who.group),
    tracer: record.tracer,
    hardening: hardening.of(record),
  };
}

const weakest = (own: readonly (DoorStatus | undefined)[]): string =>
  own.find((door) => door && door.soundness !== "sound")?.soundness ?? "sound";

export function vectorReports(config: Config, kernel: Kernel): VectorReport[] {
  const doors = new Map(kernel.doors.map((door) => [door.door as string, door]));
  const counts = new Map(kernel.outcomes().map(({ vector, outcome, count }) => [`${vector} ${outcome}`, count]));
  return vectorNames.map((vector) => {
    const entry = vectorEntry(vector);
    const own = entry.doors.filter((name) => doors.has(name) || !mayBeAbsent(name)).map((name) => doors.get(name));
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
      soundness: kernel.form === "signal" ? lateWorth(vector, kill, weakest(own)) : weakest(own),
      observed: count("observed"),
      denied: count("denied"),
      killed: count("killed"),
      allowed: count("allowed"),
    };
  });
}

/** What was raised since is not to be lowered before the next boot.
 *  @param now the lockdown that the kernel shows, beside the one that the agent found when it started */
export function lockdownWarnings({ lockdown }: Pick<KernelFacts, "lockdown">, now = readLockdown()): string[] {
  if (now === undefined || now === lockdown) return [];
  const raised = `the kernel was locked down to ${now} while this agent ran: its guards go on`;
  if (now !== "confidentiality") return [raised];
  return [
    `${raised}; where no secret is registered none can be any more, and before Linux 6.2 no agent starts after this one until the next boot`,
  ];
}

/** What an operator should know of this machine. */
export function warningsOf(kernel: Kernel, facts: KernelFacts): string[] {
  const warnings = lockdownWarnings(facts);
  if (kernel.form === "signal") {
    warnings.push(
      "the signal form refuses nothing: an attack goes on, and its process is killed after the fact. Data may be gone by then. Nothing is pinned: the guards end with the agent, which a signal to it ends too",
    );
  } else if (kernel.doors.some((door) => (door.attached || door.idle) && door.soundness !== "sound")) {
    const cure = facts.lsms?.includes("bpf")
      ? "Let the form be auto: bpf is in the LSM list"
      : `bpf is not in the LSM list: boot with lsm=${[...(facts.lsms ?? []), "bpf"].join(",")}`;
    warnings.push(`this kernel preempts (${kernel.preemption.mode}): a guard may be skipped under load. ${cure}`);
  }
  for (const { door, reason } of kernel.doors.filter(({ untried }) => untried))
    warnings.push(`door ${door} stands, and nobody knows whether it acts: ${reason}`);
  const missed = kernel.doors.filter((door) => door.recursionMisses > 0n);
  for (const { door, recursionMisses } of missed) warnings.push(`door ${door} was skipped ${recursionMisses} times`);
  if (kernel.namespacesFull)
    warnings.push(
      "the table of namespaces is full: those that protected processes were in last can be entered by file",
    );
  if (kernel.foreignObjects.length > 0) {
    warnings.push(
      `the configuration names other BPF objects than those of this build: ${kernel.foreignObjects.join(", ")}`,
    );
  }
  if (!kernel.readersKnown) {
    warnings.push(
      "at its start the kernel did not show its symbols (kernel.kptr_restrict is 2, or the agent has no CAP_SYSLOG), or has more calls that read memory than fit: network programs that print what they read are not all known",
    );
  }
  for (const { path, reason } of kernel.leftPins)
    warnings.push(`${path} lies among the pins and could not be removed: ${reason}`);
  if (!facts.bpffs) warnings.push("no bpffs at /sys/fs/bpf: the guards end with the agent");
  if (!facts.initialPidNamespace)
    warnings.push("not in the initial pid namespace: process ids are not those of the node");
  return warnings;
}

const sinkState = ({ name, kind, format, stats }: SinkReport): SinkState => ({
  name,
  kind,
  format,
  delivered: stats.delivered,
  queued: stats.queued,
  spoolBytes: stats.spoolBytes,
  retried: stats.retried,
  dropped: Object.values(stats.dropped).reduce((sum, count) => sum + count, 0),
  lastSuccess: stats.lastSuccess === 0 ? null : new Date(stats.lastSuccess).toISOString(),
  lastError: stats.lastError,
});

export type StatusParts = Pick<
  StatusReport,
  "version" | "node" | "started" | "notReady" | "config" | "events" | "mode" | "secrets"
> & {
  kernel: Kernel;
  facts: KernelFacts;
  snapshot: Snapshot;
  sinks: readonly SinkReport[];
  evidence: EvidenceStatus | undefined;
  /** What other rooms have to say, beside what this machine is. */
  warnings: readonly string[];
};

/** What anybody may know who reaches the listener: nothing of who is protected, of what is kept where, or of what is amiss. */
export function publicStatus(status: StatusReport) {
  const { version, node, started, ready, kernel, form, preemption, mode, tookOver, idle, lastProof } = status;
  const { loadedAt } = status.config;
  const { published, lastSeq } = status.events;
  const agent = { version, node, started, ready, mode, tookOver, idle, lastProof, config: { loadedAt } };
  return { ...agent, kernel, form, preemption, doors: status.doors.length, events: { published, lastSeq } };
}

export function statusReport(parts: StatusParts): StatusReport {
  const { kernel, facts, snapshot } = parts;
  return {
    version: parts.version,
    node: parts.node,
    pid: process.pid,
    started: parts.started,
    ready: parts.notReady.length === 0,
    notReady: parts.notReady,
    kernel: `${facts.release} ${facts.version}`,
    form: kernel.form,
    preemption: kernel.preemption.mode,
    mode: parts.mode,
    tookOver: kernel.tookOver,
    idle: kernel.idle,
    lastProof: kernel.lastProof === undefined ? null : new Date(kernel.lastProof).toISOString(),
    config: parts.config,
    doors: kernel.doors.map(doorReport),
    workloads: snapshot.workloads,
    processes: snapshot.processes,
    cgroups: snapshot.cgroups,
    losses: Object.fromEntries(kernel.losses().map(({ reason, count }) => [reason, count.toString()])),
    events: parts.events,
    secrets: parts.secrets,
    sinks: parts.sinks.map(sinkState),
    evidence: parts.evidence ?? { publicKey: null, reason: "starting", lastSeq: 0, head: "", lastCheckpoint: null },
    warnings: [
      ...warningsOf(kernel, facts),
      ...(parts.evidence?.reason ? [`events are unsigned: ${parts.evidence.reason}`] : []),
      ...parts.warnings,
    ],
  };
}
