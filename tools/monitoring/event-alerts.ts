// SPDX-License-Identifier: Apache-2.0
// Alerts about the events: are any lost, do they arrive, does the chain hold.

import { type Alert, grew, sameAgent } from "./rule.js";

export const eventAlerts: readonly Alert[] = [
  {
    name: "CloudtaserEventsLostInKernel",
    expr: grew('cloudtaser_lost_total{reason="ring_full"}', "5m"),
    severity: "critical",
    summary: "Events on {{ $labels.instance }} did not fit into the ring.",
    description: "Verdicts stood and totals are exact, but who and what of these attempts is not known.",
    runbook: [
      "A flood may be meant to hide one attempt: look at `cloudtaser_events_total` by vector for that time.",
      "Give the agent more CPU if it is throttled.",
    ],
  },
  {
    name: "CloudtaserEventsNotPublished",
    expr: grew("cloudtaser_pipeline_dropped_total", "5m"),
    severity: "critical",
    summary: "Records on {{ $labels.instance }} could not be made events ({{ $labels.reason }}).",
    description: "Guards and agent are of different versions, or the agent has a fault.",
    runbook: [
      "Restart the agent after an upgrade so that it loads its own guards.",
      "Report it with `cloudtaser status`.",
    ],
  },
  {
    name: "CloudtaserEventsDropped",
    expr: grew("cloudtaser_sink_dropped_events_total", "5m"),
    severity: "critical",
    summary: "The sink {{ $labels.sink }} on {{ $labels.instance }} dropped events ({{ $labels.reason }}).",
    description: "They are missing at that receiver; `EVENTS_LOST` in the stream counts them.",
    runbook: [
      "`queue_full`, `spool_full`: the receiver was away or slow for longer than memory and disk take; enlarge `spool.maxBytes`.",
      "`refused`: the receiver will not have them; its answer is in `cloudtaser status`.",
      "`damaged`: somebody wrote into the spool or removed a part of it, or its disk cannot read it.",
      "The file sink of the node, if there is one, has them all: `cloudtaser verify FILE…` shows it.",
    ],
  },
  {
    name: "CloudtaserSinkFailing",
    expr: "increase(cloudtaser_sink_errors_total[10m]) > 0 and cloudtaser_sink_queued_events > 0",
    for: "5m",
    severity: "warning",
    summary:
      "The sink {{ $labels.sink }} on {{ $labels.instance }} fails; {{ $value | humanize }} attempts in ten minutes.",
    description: "Events wait and are tried again.",
    runbook: ["`cloudtaser status` shows the last error.", "Check name, certificate, token and disk."],
  },
  {
    name: "CloudtaserSinkStalled",
    expr: "cloudtaser_sink_queued_events > 0 and time() - cloudtaser_sink_last_success_timestamp_seconds > 600",
    for: "5m",
    severity: "critical",
    summary: "The sink {{ $labels.sink }} on {{ $labels.instance }} has delivered nothing for ten minutes.",
    description: "{{ $value | humanize }} events wait. When queue or spool are full, those of low severity go first.",
    runbook: ["As for CloudtaserSinkFailing."],
  },
  {
    name: "CloudtaserSpoolFilling",
    expr: "cloudtaser_sink_spool_bytes / (cloudtaser_sink_spool_limit_bytes > 0) > 0.8",
    for: "5m",
    severity: "warning",
    summary: "The spool of {{ $labels.sink }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full.",
    description: "When it is full the oldest events of low severity are lost.",
    runbook: ["Bring the receiver back.", "Enlarge `spool.maxBytes`, which a reload takes up."],
  },
  {
    name: "CloudtaserDeliverySlow",
    expr: "histogram_quantile(0.99, rate(cloudtaser_sink_delivery_seconds_bucket[10m])) > 5",
    for: "10m",
    severity: "warning",
    summary: "Events reach {{ $labels.sink }} from {{ $labels.instance }} after {{ $value | humanizeDuration }}.",
    description: "One in a hundred takes longer than that from the kernel to the receiver.",
    runbook: ["Look at CPU of the agent and at the receiver's own figures."],
  },
  {
    name: "CloudtaserCheckpointMissing",
    expr: "time() - cloudtaser_evidence_last_checkpoint_timestamp_seconds > 3 * cloudtaser_evidence_checkpoint_interval_seconds",
    for: "1m",
    severity: "critical",
    summary: "The agent on {{ $labels.instance }} has signed nothing for {{ $value | humanizeDuration }}.",
    description: "Lines after the last checkpoint can be cut off without a trace.",
    runbook: [
      "Is the agent stopped by a signal (state T), or starved of CPU?",
      "Restart it; then `cloudtaser verify FILE…` with the files of a file sink.",
    ],
  },
  {
    name: "CloudtaserEvidenceUnsigned",
    expr: "cloudtaser_evidence_signed == 0",
    for: "5m",
    severity: "warning",
    summary: "The agent on {{ $labels.instance }} has no key: its log proves nothing.",
    description: "Events go out with their chain, and who can write the log can make a new chain.",
    runbook: ["`cloudtaser status` says what is wrong with `evidence.key` in `stateDirectory`."],
  },
  {
    name: "CloudtaserRunCrashed",
    expr: `cloudtaser_evidence_run_before{end="crashed"} == 1 and ${sameAgent} (time() - process_start_time_seconds < 3600)`,
    severity: "warning",
    summary: "The run before on {{ $labels.instance }} ended without its last checkpoint.",
    description: "The agent was killed, or the node went down. Events after its last checkpoint may be missing.",
    runbook: [
      "Look for an out-of-memory kill, a reboot, or a SIGKILL by somebody.",
      "`cloudtaser verify FILE…` names the break.",
    ],
  },
  {
    name: "CloudtaserChainBroken",
    expr:
      `cloudtaser_evidence_run_before{end="unknown"} == 1 and ${sameAgent} ` +
      `(min_over_time((cloudtaser_evidence_last_checkpoint_timestamp_seconds > 0)[1d:5m]) < ${sameAgent} process_start_time_seconds)`,
    severity: "critical",
    summary: "The agent on {{ $labels.instance }} remembers nothing of the run before, and there was one.",
    description: "`chain.json` is gone from `stateDirectory`, so this log does not follow on the last one.",
    runbook: [
      "A new disk or a moved `stateDirectory` explains it; else somebody removed it: treat the node as attacked.",
      "`cloudtaser verify OLD NEW` over both files names the break; compare with what the SIEM received.",
    ],
  },
  {
    name: "CloudtaserMetricsUnreadable",
    expr: "increase(cloudtaser_scrape_failures_total[15m]) > 0",
    severity: "warning",
    summary: "Values on {{ $labels.instance }} could not be read.",
    description: "What is shown of them is older than it seems.",
    runbook: ["The agent's log names family and reason."],
  },
];
