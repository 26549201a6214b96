// SPDX-License-Identifier: Apache-2.0
// Joins the metric families with the rooms that know the numbers.
import { noticeTypes } from "../formats/index.js";
import { type DoorName, doorNames, type Kernel, Loss, type Native, packageVersion } from "../kernel/index.js";
import type { SourceReport } from "../kubernetes/index.js";
import { createMetrics, type Metrics } from "../metrics/index.js";
import { type PipelineStats, pipelineDrops, unscannedReasons } from "../pipeline/index.js";
import { selftestOutcomes } from "../selftest/index.js";
import { dropReasons, latencyBounds, type SinkReport } from "../sinks/index.js";
import { isVectorName } from "../vectors/index.js";
import type { Evidence } from "./evidence.js";
import type { Selftests } from "./selftests.js";

/** max_entries of the map `events` in bpf/maps.h; test/contract holds the two together. */
export const ringBytes = 512 * 1024;

/** Of the stream what is counted. */
interface MeasuredStream {
  stats: Readonly<PipelineStats>;
  /** Records of the wrong size. */
  malformed: number;
  outlets: { reports(): readonly SinkReport[] };
  evidence: Pick<Evidence, "before" | "status">;
}

export interface MeasureSources {
  kernel: Kernel;
  native: Native;
  stream(): MeasuredStream | undefined;
  /** undefined without Kubernetes. */
  pods(): SourceReport | undefined;
  mode(): "detect" | "enforce";
  ready(): boolean;
  checkpointSeconds(): number;
  secrets(): number;
  hardening(): Iterable<{ kind: string; outcome: string; count: number }>;
  proofFailures(): number;
  reload(): { successful: boolean; lastSuccess: number };
  selftests(): Pick<Selftests, "last" | "failures">;
  onFailure(family: string, error: unknown): void;
}

export function createAgentMetrics(sources: MeasureSources): Metrics {
  const { kernel } = sources;
  const pipeline = (): Readonly<PipelineStats> | undefined => sources.stream()?.stats;
  return createMetrics(
    {
      build: {
        version: packageVersion(),
        libbpf: sources.native.libbpfVersion(),
        node: process.version,
      },
      mode: sources.mode,
      events: () => kernel.outcomes(),
      doors: () =>
        kernel.doors.map((door) => ({
          door: door.door,
          form: door.attached || door.idle ? door.form : undefined,
          attached: door.attached,
          idle: door.idle,
          proved: door.proved,
          untried: door.untried,
          sound: door.soundness === "sound",
          recursionMisses: door.recursionMisses,
        })),
      losses: () => kernel.losses(),
      pipelineDrops: () =>
        pipelineDrops.map((reason) => ({
          reason,
          count: reason === "malformed" ? (sources.stream()?.malformed ?? 0) : (pipeline()?.dropped[reason] ?? 0),
        })),
      protectedProcesses: () => kernel.protectedProcesses(),
      ring: () => ({ usedBytes: kernel.eventBytes(), sizeBytes: ringBytes }),
      sinks: () =>
        (sources.stream()?.outlets.reports() ?? []).map(({ name, spoolMaxBytes, stats }) => ({
          name,
          spoolMaxBytes,
          ...stats,
        })),
      pods: () => sources.pods() ?? noPods,
      canary: () => ({ lastSuccess: (kernel.lastProof ?? 0) / 1000, failures: sources.proofFailures() }),
      reload: sources.reload,
      hardening: sources.hardening,
      ready: sources.ready,
      notices: () => [...(pipeline()?.notices ?? [])].map(([type, count]) => ({ type, count })),
      leakWindows: () => pipeline()?.leakWindows ?? 0,
      evidence: () => evidenceNumbers(sources.stream()?.evidence, sources.checkpointSeconds()),
      secrets: sources.secrets,
      unscanned: () => unscannedReasons.map((reason) => ({ reason, count: pipeline()?.unscanned[reason] ?? 0 })),
      selftest: () => selftestNumbers(sources.selftests()),
    },
    {
      doors: doorNames satisfies DoorName[],
      losses: Object.keys(Loss).filter((name) => name !== "max"),
      pipelineDrops,
      unscanned: unscannedReasons,
      sinkDrops: dropReasons,
      latencyBounds,
      // The form that kills after the fact refuses nothing, and the others do nothing else.
      outcomes: ["observed", kernel.form === "signal" ? "killed" : "denied"],
      selftestOutcomes,
      notices: Object.keys(noticeTypes),
    },
    { onReadFailure: sources.onFailure },
  );
}

const noPods = {
  pods: 0,
  wanted: 0,
  unguarded: 0,
  watchRestarts: 0,
  lastHeard: 0,
  lastReconcileSeconds: 0,
  longestReconcileSeconds: 0,
};

function evidenceNumbers(evidence: Pick<Evidence, "before" | "status"> | undefined, intervalSeconds: number) {
  const { publicKey = null, lastCheckpoint = null } = evidence?.status() ?? {};
  return {
    signed: publicKey !== null,
    lastCheckpoint: lastCheckpoint === null ? 0 : Date.parse(lastCheckpoint) / 1000,
    intervalSeconds,
    before: evidence?.before ?? "unknown",
  };
}

/** What a command of another version told us and we do not know makes no series. */
function selftestNumbers({ last, failures }: Pick<Selftests, "last" | "failures">) {
  const known: readonly string[] = selftestOutcomes;
  return {
    lastRun: last === undefined ? 0 : Date.parse(last.time) / 1000,
    outcomes: Object.entries(last?.outcomes ?? {})
      .filter(([vector, outcome]) => isVectorName(vector) && known.includes(outcome))
      .map(([vector, outcome]) => ({ vector, outcome })),
    failures,
  };
}
