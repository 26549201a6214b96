// SPDX-License-Identifier: Apache-2.0
// Readers of an agent that has nothing to tell, and the labels that it knows.

import { noticeTypes } from "../../src/formats/index.js";
import type { MetricLabels, MetricReaders, SinkMetrics } from "../../src/metrics/index.js";
import { silent } from "../../tools/references/metrics.js";

export const quiet: SinkMetrics = {
  name: "file",
  delivered: 0,
  queued: 0,
  spoolBytes: 0,
  spoolMaxBytes: 0,
  retried: 0,
  errors: 0,
  lastSuccess: 0,
  dropped: { queue_full: 0, broken: 0 },
  latency: { counts: [0, 0], count: 0, sumSeconds: 0 },
};

export const labels: MetricLabels = {
  doors: ["file_open", "bpf"],
  losses: ["ring_full", "scope_full"],
  pipelineDrops: ["failed"],
  unscanned: ["beyond"],
  sinkDrops: ["queue_full", "broken"],
  latencyBounds: [0.01, 1],
  outcomes: ["observed", "denied"],
  selftestOutcomes: ["refused", "not_stopped"],
  notices: Object.keys(noticeTypes),
};

export function readers(change: Partial<MetricReaders> = {}): MetricReaders {
  return {
    ...silent,
    build: { version: "0.1.0", libbpf: "1.1", node: "v20" },
    ready: () => true,
    secrets: () => 3,
    unscanned: () => [{ reason: "beyond", count: 2 }],
    evidence: () => ({ signed: true, lastCheckpoint: 7, intervalSeconds: 60, before: "crashed" }),
    ring: () => ({ usedBytes: undefined, sizeBytes: 4096 }),
    sinks: () => [quiet],
    reload: () => ({ successful: true, lastSuccess: 1 }),
    ...change,
  };
}
