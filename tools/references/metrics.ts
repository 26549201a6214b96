// SPDX-License-Identifier: Apache-2.0
// docs/reference/metrics.md: every family of /metrics, asked of the metrics room itself.

import { noticeTypes } from "../../src/formats/index.js";
import { Loss } from "../../src/kernel/abi.gen.js";
import { doorNames } from "../../src/kernel/doors.js";
import { createMetrics, type MetricReaders } from "../../src/metrics/index.js";
import { pipelineDrops, unscannedReasons } from "../../src/pipeline/index.js";
import { hardeningKinds, hardeningOutcomes } from "../../src/scope/hardening.js";
import { selftestOutcomes } from "../../src/selftest/index.js";
import { dropReasons, latencyBounds } from "../../src/sinks/index.js";
import { code, codes, opening, table } from "./markdown.js";

/** Readers of an agent that has nothing to tell: what is left is names, types, help and labels. */
export const silent: MetricReaders = {
  build: { version: "", libbpf: "", node: "" },
  mode: () => "detect",
  events: () => [],
  doors: () => [],
  losses: () => [],
  pipelineDrops: () => [],
  protectedProcesses: () => 0,
  hardening: () => [],
  ready: () => false,
  notices: () => [],
  leakWindows: () => 0,
  evidence: () => ({ signed: false, lastCheckpoint: 0, intervalSeconds: 0, before: "unknown" }),
  secrets: () => 0,
  unscanned: () => [],
  pods: () => ({
    pods: 0,
    wanted: 0,
    unguarded: 0,
    watchRestarts: 0,
    lastHeard: 0,
    lastReconcileSeconds: 0,
    longestReconcileSeconds: 0,
  }),
  ring: () => ({ usedBytes: undefined, sizeBytes: 0 }),
  sinks: () => [],
  canary: () => ({ lastSuccess: 0, failures: 0 }),
  reload: () => ({ successful: true, lastSuccess: 0 }),
  selftest: () => ({ lastRun: 0, outcomes: [], failures: 0 }),
};

export async function metricsReference(): Promise<string> {
  const losses = Object.keys(Loss).filter((name) => name !== "max");
  const labels = {
    doors: doorNames,
    losses,
    pipelineDrops,
    unscanned: unscannedReasons,
    sinkDrops: dropReasons,
    latencyBounds,
    outcomes: ["observed", "denied", "killed"],
    selftestOutcomes,
    notices: Object.keys(noticeTypes),
  };
  const families = await createMetrics(silent, labels).describe();
  const rows = families.map(({ name, type, help, labels: names }) => [code(name), type, codes(names), help]);
  const own = (name: string | undefined): boolean => name?.startsWith("`cloudtaser_") ?? false;
  return [
    opening(
      "Metrics",
      "src/metrics",
      "Served as Prometheus text at `/metrics` on `health.listen`. Values are read when somebody asks; every known series exists from the start at zero. " +
        "No label holds a process id or a path. Who accepts `application/openmetrics-text` gets that, with an `event_id` as exemplar in each bucket of the histogram.",
    ),
    "## Families",
    "",
    table(
      ["Name", "Type", "Labels", "Meaning"],
      rows.filter(([name]) => own(name)),
    ),
    "## Label values",
    "",
    table(
      ["Label", "Values"],
      [
        ["`vector`", "the names in the [vector reference](vectors.md)"],
        ["`door`", "the names in the [door reference](doors.md)"],
        ["`outcome` of `cloudtaser_events_total`", codes(["observed", "denied", "killed"])],
        ["`outcome` of `cloudtaser_selftest_vectors`", codes(selftestOutcomes)],
        ["`kind` of `cloudtaser_hardening_total`", codes(hardeningKinds)],
        ["`outcome` of `cloudtaser_hardening_total`", codes(hardeningOutcomes)],
        ["`form`", codes(["lsm", "fmod_ret", "signal"])],
        ["`mode`", codes(["detect", "enforce"])],
        ["`scope`", codes(["process", "node", "own"])],
        ["`reason` of `cloudtaser_lost_total`", codes(losses)],
        ["`type`", codes(Object.keys(noticeTypes))],
        ["`end`", codes(["stopped", "crashed", "unknown"])],
        ["`sink`", "`stdout` and `file` for those of `events`, else the names in `sinks`; eight more at most"],
        ["`reason` of `cloudtaser_pipeline_dropped_total`", codes(pipelineDrops)],
        ["`reason` of `cloudtaser_unscanned_total`", codes(unscannedReasons)],
        ["`reason` of `cloudtaser_sink_dropped_events_total`", codes(dropReasons)],
      ],
    ),
    "## The agent's own process",
    "",
    "From the Prometheus client library.",
    "",
    table(
      ["Name", "Type", "Labels", "Meaning"],
      rows.filter(([name]) => !own(name)),
    ),
  ].join("\n");
}
