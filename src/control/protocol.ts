// SPDX-License-Identifier: Apache-2.0
// What goes over the control socket: HTTP on a unix socket, JSON bodies, one route a request. The agent implements
// ControlHandlers; the server checks who asks before any of them is called.

import type { ErrorJson } from "../errors/index.js";
import type { EventFilter } from "../formats/index.js";

/** Peer of the connection, as the kernel says (SO_PEERCRED), in the agent's pid namespace. */
export interface Peer {
  pid: number;
  uid: number;
  gid: number;
  /** The authority signed this request. */
  signed?: boolean;
}

export interface DoorReport {
  door: string;
  form: string;
  attached: boolean;
  /** Off while nothing is protected. */
  idle: boolean;
  proved: boolean;
  /** Why not; "" if proved. */
  reason: string;
  soundness: string;
  /** Calls that the kernel made without us, as decimal text. */
  recursionMisses: string;
}

export interface VectorReport {
  vector: string;
  title: string;
  event: string;
  mode: string;
  kill: boolean;
  form: string;
  doors: string[];
  /** Every door at which the vector's guards stand was proved, and is attached or idle. */
  proved: boolean;
  /** Nothing is protected: its doors are off. */
  idle: boolean;
  reason: string;
  soundness: string;
  observed: string;
  denied: string;
  /** Killed after the fact (signal form). */
  killed: string;
  allowed: string;
}

export interface ProcessReport {
  pid: number;
  comm: string;
  uid: number;
  startBoottimeNs: string;
  workload: string;
  /** A tracer that was attached before protection began; 0 if none. */
  tracer: number;
  /** core_limit, coredump_filter, swap, dumpable: what was done when protection began. A kind that is switched off is left out. */
  hardening: Partial<Record<string, { outcome: string; reason: string }>>;
}

export interface SinkState {
  name: string;
  kind: string;
  format: string;
  delivered: number;
  /** In memory and on disk. */
  queued: number;
  spoolBytes: number;
  retried: number;
  dropped: number;
  /** ISO time. */
  lastSuccess: string | null;
  lastError: string;
}

export interface EvidenceState {
  /** 32 bytes in base64: what `cloudtaser verify --key` takes. null: checkpoints are not signed. */
  publicKey: string | null;
  reason: string;
  lastSeq: number;
  /** SHA-256 of the last line. */
  head: string;
  lastCheckpoint: string | null;
}

export interface StatusReport {
  version: string;
  node: string;
  pid: number;
  /** ISO time. */
  started: string;
  ready: boolean;
  /** Why not; [] if ready. */
  notReady: string[];
  kernel: string;
  form: string;
  /** The kernel's preemption mode at the last look. */
  preemption: string;
  mode: string;
  /** Doors of an earlier agent were taken over at start. */
  tookOver: boolean;
  /** Nothing is protected: the doors are off, and attach with the first protection. */
  idle: boolean;
  lastProof: string | null;
  config: { file: string | null; loadedAt: string; lastError: string | null };
  doors: DoorReport[];
  /** overrides: by vector, where the rules of this workload differ from those of all. */
  workloads: { name: string; processes: number; overrides: Record<string, { mode: string; kill: boolean }> }[];
  processes: ProcessReport[];
  /** Control groups whose members are protected. id: decimal text; path: as in /proc/PID/cgroup, null if it is gone. */
  cgroups: { id: string; path: string | null; workload: string }[];
  losses: Record<string, string>;
  events: { published: number; lastSeq: number };
  /** Registered secrets; unsupported: why there can be none, "" if there can, or if nobody has tried. */
  secrets: { unsupported: string; workloads: { workload: string; count: number }[] };
  sinks: SinkState[];
  evidence: EvidenceState;
  /** What an operator should know: soundness, ftrace, missing bpffs … */
  warnings: string[];
}

export interface ProtectRequest {
  /** Exactly one of these; the server has checked that. "self" is the peer. */
  pid?: number | undefined;
  unit?: string | undefined;
  cgroup?: string | undefined;
  self?: true | undefined;
  /** Workload name; made up from the target if left out. An existing name adds to that workload. */
  name?: string | undefined;
}

export interface ProtectReport {
  workload: string;
  processes: ProcessReport[];
  /** Such as a tracer that was attached before. */
  warnings: string[];
}

/** A container that is about to start, as its runtime's hook knows it. */
export interface ContainerRequest {
  /** As the runtime calls it. */
  id: string;
  /** Of its first process, in the process id namespace of the peer; left out where the runtime tells none. */
  pid?: number | undefined;
  /** When that process started, in clock ticks since boot: whoever has the number later is another one. Decimal text. */
  startTicks?: string | undefined;
  /** It asks for protection itself. */
  wanted: boolean;
  /** Words for the name of its workload, such as namespace and pod. */
  label?: string | undefined;
}

export interface ContainerReport {
  /** false: neither the container nor its pod is to be protected. */
  protected: boolean;
  /** null if it is not. */
  workload: string | null;
  warnings: string[];
}

export interface UnprotectRequest {
  /** Exactly one of these. */
  pid?: number | undefined;
  workload?: string | undefined;
}

/** What a selftest tells the agent, for its metrics. */
export interface SelftestReport {
  /** When it began, ISO time. */
  time: string;
  /** Vector to outcome; every vector of the agent's version. */
  outcomes: Record<string, string>;
}

export interface SecretReport {
  name: string;
  workload: string;
  /** Where it may go, as it was asked for. */
  allow: string[];
  /** ISO time. */
  added: string;
  /** It goes when the last process of its workload has ended. */
  endsWithWorkload: boolean;
}

export interface SecretsReport {
  /** Why no secret can be registered; "" if they can, or if nobody has tried. */
  unsupported: string;
  secrets: SecretReport[];
}

/** What comes with the value of a secret, which is the body. */
export interface AddSecretRequest {
  workload: string;
  name: string;
  allow: string[];
  /** Take the place of a secret of that name with another value. */
  replace: boolean;
  endsWithWorkload: boolean;
}

export interface AddSecretReport {
  secret: SecretReport;
  /** unchanged: that value was registered under that name; where it may go is now what was asked for. */
  outcome: "registered" | "replaced" | "unchanged";
  warnings: string[];
}

export interface RemoveSecretRequest {
  workload: string;
  /** All of the workload if left out. */
  name?: string | undefined;
}

export interface ReloadReport {
  /** ISO time. */
  loadedAt: string;
  /** Names of settings that were changed and that a restart alone puts in force. */
  needsRestart: string[];
}

export interface ControlHandlers {
  status(): StatusReport | Promise<StatusReport>;
  vectors(): VectorReport[];
  protect(request: ProtectRequest, peer: Peer): Promise<ProtectReport>;
  unprotect(request: UnprotectRequest, peer: Peer): Promise<ProtectReport>;
  /** Throws CONTAINER_UNGUARDED if it is to be protected and is not. */
  container(request: ContainerRequest, peer: Peer): Promise<ContainerReport>;
  reload(): Promise<ReloadReport>;
  selftest(report: SelftestReport): { noted: boolean };
  secrets(): SecretsReport;
  /** Overwrites the value with zeros, whatever comes of it. */
  addSecret(request: AddSecretRequest, value: Buffer, peer: Peer): AddSecretReport | Promise<AddSecretReport>;
  removeSecret(request: RemoveSecretRequest, peer: Peer): { removed: SecretReport[] };
  /** Of what the filter takes: calls back with the last `backlog` kept event lines (native NDJSON, no newline) before it returns, then with each new
   *  one until the function that it returned is called. A backlog of 0 must be cheap. */
  subscribe(backlog: number, onLine: (line: string) => void, filter?: EventFilter): () => void;
}

/** What the authority signed. */
export interface Signatures {
  /** false also where there is no authority. */
  isSigned(text: string, signature: string): boolean;
  /** A signature that came with a request is none. */
  denied(peer: Peer, what: string, reason: string): void;
}

/** Body of every answer that is not 2xx, and last line of a stream that the server cuts off. */
export interface ErrorAnswer {
  error: ErrorJson;
}

/** Seconds between two empty lines on an idle stream of events, so that each side sees the other's death. */
export const heartbeatSeconds = 15;

/** Most events that a reader may ask for from before it came. */
export const maxBacklog = 10_000;

/** Most bytes of a secret. */
export const maxSecret = 64 * 1024;

/** Routes of the server. addSecret takes the value as its body and the rest as its query. events takes ?backlog=N&follow=true|false: without following it ends after the backlog; and
 *  &type=T (several times), &severity=LOWEST, &workload=W (several times), &since=UNIX_MILLISECONDS. */
export const routes = {
  status: { method: "GET", path: "/v1/status" },
  vectors: { method: "GET", path: "/v1/vectors" },
  protect: { method: "POST", path: "/v1/protect" },
  unprotect: { method: "POST", path: "/v1/unprotect" },
  container: { method: "POST", path: "/v1/container" },
  reload: { method: "POST", path: "/v1/reload" },
  challenge: { method: "GET", path: "/v1/challenge" },
  selftest: { method: "POST", path: "/v1/selftest" },
  secrets: { method: "GET", path: "/v1/secrets" },
  addSecret: { method: "POST", path: "/v1/secrets" },
  removeSecret: { method: "DELETE", path: "/v1/secrets" },
  events: { method: "GET", path: "/v1/events" },
} as const;
