// SPDX-License-Identifier: Apache-2.0
// Where the numbers come from. Every value is asked for when somebody scrapes; nothing is pushed on the event path.

export interface DoorMetrics {
  door: string;
  /** undefined while it is neither attached nor idle. */
  form: string | undefined;
  attached: boolean;
  /** Off while nothing is protected. */
  idle: boolean;
  /** The last canary was refused here. */
  proved: boolean;
  untried: boolean;
  /** The kernel calls it every time; false: it may be skipped, or acts after the fact. */
  sound: boolean;
  recursionMisses: bigint;
}

/** One event of a bucket: its line begins with its id. */
export interface Exemplar {
  line: string;
  seconds: number;
  /** Unix milliseconds. */
  at: number;
}

export interface SinkMetrics {
  name: string;
  delivered: number;
  queued: number;
  spoolBytes: number;
  /** What the spool may hold; 0 for none. */
  spoolMaxBytes: number;
  retried: number;
  errors: number;
  /** Unix milliseconds; 0 for never. */
  lastSuccess: number;
  dropped: Readonly<Record<string, number>>;
  /** counts: by bound, not cumulative. */
  latency: Readonly<{
    counts: readonly number[];
    count: number;
    sumSeconds: number;
    last?: readonly (Exemplar | undefined)[];
  }>;
}

export interface MetricReaders {
  build: { version: string; libbpf: string; node: string };
  mode(): "detect" | "enforce";
  /** Exact totals from the kernel, since the maps were made. */
  events(): Iterable<{ vector: string; outcome: string; count: bigint }>;
  doors(): Iterable<DoorMetrics>;
  /** What the kernel side lost, by reason. */
  losses(): Iterable<{ reason: string; count: bigint }>;
  /** Records that user space got and could not publish, by reason. */
  pipelineDrops(): Iterable<{ reason: string; count: number }>;
  protectedProcesses(): number;
  /** Every door is proved. */
  ready(): boolean;
  /** Events of the agent's own, by type. */
  notices(): Iterable<{ type: string; count: number }>;
  /** Attempts after which the data may have moved before the response. */
  leakWindows(): number;
  /** lastCheckpoint: Unix seconds, 0 for never. */
  evidence(): {
    signed: boolean;
    lastCheckpoint: number;
    intervalSeconds: number;
    before: "stopped" | "crashed" | "unknown";
  };
  /** What was done to processes when protection began and ended. */
  hardening(): Iterable<{ kind: string; outcome: string; count: number }>;
  /** Registered. */
  secrets(): number;
  /** Operations that were not looked at whole for them. */
  unscanned(): Iterable<{ reason: string; count: number }>;
  /** Pods of this node; zeros without Kubernetes. lastHeard: Unix seconds, of the start as long as nothing was heard. */
  pods(): {
    pods: number;
    wanted: number;
    unguarded: number;
    watchRestarts: number;
    lastHeard: number;
    lastReconcileSeconds: number;
    longestReconcileSeconds: number;
  };
  /** The event ring: bytes waiting (undefined if the kernel library cannot tell) and its size. */
  ring(): { usedBytes: number | undefined; sizeBytes: number };
  /** Every sink, also one that has had nothing to do. */
  sinks(): Iterable<SinkMetrics>;
  /** lastSuccess: Unix seconds, 0 for never. */
  canary(): { lastSuccess: number; failures: number };
  /** The last load of the configuration, the first one included. */
  reload(): { successful: boolean; lastSuccess: number };
  /** lastRun: Unix seconds, 0 for none. Only outcomes that the labels name. */
  selftest(): { lastRun: number; outcomes: Iterable<{ vector: string; outcome: string }>; failures: number };
}

/** Closed lists of label values, so that every series exists from the start. */
export interface MetricLabels {
  doors: readonly string[];
  losses: readonly string[];
  pipelineDrops: readonly string[];
  unscanned: readonly string[];
  sinkDrops: readonly string[];
  /** Upper bounds in seconds. */
  latencyBounds: readonly number[];
  /** What an attempt can come to in the form of the doors. */
  outcomes: readonly string[];
  selftestOutcomes: readonly string[];
  notices: readonly string[];
}
