// SPDX-License-Identifier: Apache-2.0
// What a healthy agent's series look like over two hours, and for each alert the change that must make it fire, alone.

/** Name and labels without braces → values, one a minute, in promtool's notation. */
export type Series = Readonly<Record<string, string>>;

export const minutes = 120;

const flat = (value: number): string => `${value}x${minutes}`;
/** Grows by so much each minute; as a time stamp: always now. */
const rising = (step: number): string => `0+${step}x${minutes}`;
/** Two minutes before the look. */
const lately = (before: number | "_", after: number): string => `${before}x87 ${after}x40`;

export const healthy: Series = {
  up: flat(1),
  cloudtaser_ready: flat(1),
  'cloudtaser_door_proved door="bpf"': flat(1),
  cloudtaser_door_recursion_misses_total: flat(0),
  'cloudtaser_notices_total type="GUARD_SILENCED"': flat(0),
  'cloudtaser_notices_total type="PREEMPTION_CHANGED"': flat(0),
  cloudtaser_unsound_doors: flat(0),
  cloudtaser_leak_windows_total: flat(0),
  'cloudtaser_events_total vector="kcore",outcome="observed"': flat(0),
  'cloudtaser_events_total vector="kcore",outcome="denied"': flat(0),
  'cloudtaser_events_total vector="kcore",outcome="killed"': flat(0),
  'cloudtaser_allowed_total scope="node"': flat(0),
  'cloudtaser_lost_total reason="ring_full"': flat(0),
  'cloudtaser_lost_total reason="scope_full"': flat(0),
  'cloudtaser_lost_total reason="kill_failed"': flat(0),
  'cloudtaser_lost_total reason="share_full"': flat(0),
  'cloudtaser_pipeline_dropped_total reason="failed"': flat(0),
  'cloudtaser_sink_dropped_events_total sink="siem",reason="spool_full"': flat(0),
  'cloudtaser_sink_errors_total sink="siem"': flat(0),
  'cloudtaser_sink_queued_events sink="siem"': flat(0),
  'cloudtaser_sink_last_success_timestamp_seconds sink="siem"': rising(60),
  'cloudtaser_sink_spool_bytes sink="siem"': flat(100),
  'cloudtaser_sink_spool_limit_bytes sink="siem"': flat(1000),
  'cloudtaser_sink_spool_bytes sink="file"': flat(0),
  'cloudtaser_sink_spool_limit_bytes sink="file"': flat(0),
  'cloudtaser_sink_delivery_seconds_bucket sink="siem",le="0.05"': rising(10),
  'cloudtaser_sink_delivery_seconds_bucket sink="siem",le="5"': rising(10),
  'cloudtaser_sink_delivery_seconds_bucket sink="siem",le="60"': rising(10),
  'cloudtaser_sink_delivery_seconds_bucket sink="siem",le="+Inf"': rising(10),
  cloudtaser_evidence_signed: flat(1),
  cloudtaser_evidence_last_checkpoint_timestamp_seconds: rising(60),
  cloudtaser_evidence_checkpoint_interval_seconds: flat(60),
  'cloudtaser_evidence_run_before end="stopped"': flat(1),
  'cloudtaser_evidence_run_before end="crashed"': flat(0),
  'cloudtaser_evidence_run_before end="unknown"': flat(0),
  process_start_time_seconds: flat(0),
  cloudtaser_canary_failures_total: flat(0),
  'cloudtaser_selftest_vectors outcome="not_stopped"': flat(0),
  cloudtaser_selftest_failures_total: flat(0),
  'cloudtaser_enforcement_mode mode="detect"': flat(0),
  'cloudtaser_enforcement_mode mode="enforce"': flat(1),
  cloudtaser_protected_processes: flat(3),
  cloudtaser_config_last_reload_successful: flat(1),
  cloudtaser_scrape_failures_total: flat(0),
  cloudtaser_kubernetes_unguarded_pods: flat(0),
  cloudtaser_kubernetes_last_heard_timestamp_seconds: rising(60),
  'kube_daemonset_status_desired_number_scheduled daemonset="cloudtaser"': flat(3),
  'kube_daemonset_status_number_ready daemonset="cloudtaser"': flat(3),
};

const events = (outcome: string, count: number): Series => ({
  [`cloudtaser_events_total vector="kcore",outcome="${outcome}"`]: lately(0, count),
});
const runBefore = (end: string): Series => ({
  'cloudtaser_evidence_run_before end="stopped"': flat(0),
  [`cloudtaser_evidence_run_before end="${end}"`]: flat(1),
  process_start_time_seconds: flat(5000),
});

/** What must fire, and nothing else. */
export const firing: Readonly<Record<string, Series>> = {
  CloudtaserAgentDown: { up: flat(0) },
  CloudtaserAbsent: { cloudtaser_ready: `_x${minutes}` },
  CloudtaserNodeUnguarded: { 'kube_daemonset_status_number_ready daemonset="cloudtaser"': flat(2) },
  CloudtaserNotReady: { cloudtaser_ready: flat(0) },
  CloudtaserDoorUnproved: { 'cloudtaser_door_proved door="bpf"': lately(1, 0) },
  CloudtaserDoorSkipped: { cloudtaser_door_recursion_misses_total: lately(0, 1) },
  CloudtaserGuardSilenced: { 'cloudtaser_notices_total type="GUARD_SILENCED"': lately(0, 1) },
  CloudtaserPreemptionChanged: { 'cloudtaser_notices_total type="PREEMPTION_CHANGED"': lately(0, 1) },
  CloudtaserUnsoundDoors: { cloudtaser_unsound_doors: flat(2) },
  CloudtaserLeakWindow: { cloudtaser_leak_windows_total: lately(0, 1) },
  CloudtaserAttackObserved: events("observed", 1),
  CloudtaserAttackRefused: events("denied", 1),
  CloudtaserAttackKilled: events("killed", 1),
  "CloudtaserAttackBurst CloudtaserAttackRefused": events("denied", 200),
  CloudtaserKillFailed: { 'cloudtaser_lost_total reason="kill_failed"': lately(0, 1) },
  CloudtaserScopeFull: { 'cloudtaser_lost_total reason="scope_full"': lately(0, 1) },
  CloudtaserWorkloadFull: { 'cloudtaser_lost_total reason="share_full"': lately(0, 1) },
  CloudtaserCanaryFailing: { cloudtaser_canary_failures_total: rising(1) },
  CloudtaserSelftestFailing: { 'cloudtaser_selftest_vectors outcome="not_stopped"': flat(1) },
  CloudtaserSelftestNotMade: { cloudtaser_selftest_failures_total: lately(0, 1) },
  CloudtaserOnlyDetects: {
    'cloudtaser_enforcement_mode mode="detect"': flat(1),
    'cloudtaser_enforcement_mode mode="enforce"': flat(0),
  },
  CloudtaserReloadFailed: { cloudtaser_config_last_reload_successful: flat(0) },
  CloudtaserEventsLostInKernel: { 'cloudtaser_lost_total reason="ring_full"': lately(0, 1) },
  CloudtaserEventsNotPublished: { 'cloudtaser_pipeline_dropped_total reason="failed"': lately(0, 1) },
  CloudtaserEventsDropped: {
    'cloudtaser_sink_dropped_events_total sink="siem",reason="spool_full"': lately(0, 1),
  },
  CloudtaserSinkFailing: {
    'cloudtaser_sink_errors_total sink="siem"': rising(1),
    'cloudtaser_sink_queued_events sink="siem"': flat(5),
  },
  CloudtaserSinkStalled: {
    'cloudtaser_sink_queued_events sink="siem"': flat(5),
    'cloudtaser_sink_last_success_timestamp_seconds sink="siem"': flat(0),
  },
  CloudtaserSpoolFilling: { 'cloudtaser_sink_spool_bytes sink="siem"': flat(900) },
  CloudtaserDeliverySlow: {
    'cloudtaser_sink_delivery_seconds_bucket sink="siem",le="0.05"': flat(0),
    'cloudtaser_sink_delivery_seconds_bucket sink="siem",le="5"': flat(0),
  },
  CloudtaserCheckpointMissing: { cloudtaser_evidence_last_checkpoint_timestamp_seconds: "0+60x80 4800x40" },
  CloudtaserEvidenceUnsigned: { cloudtaser_evidence_signed: flat(0) },
  CloudtaserRunCrashed: runBefore("crashed"),
  CloudtaserChainBroken: runBefore("unknown"),
  CloudtaserMetricsUnreadable: { cloudtaser_scrape_failures_total: lately(0, 1) },
  CloudtaserPodUnguarded: { cloudtaser_kubernetes_unguarded_pods: flat(1) },
  CloudtaserKubernetesSilent: { cloudtaser_kubernetes_last_heard_timestamp_seconds: flat(60) },
};

/** Looks like one of them and is none. */
export const quiet: Readonly<Record<string, Series>> = {
  "a healthy agent": {},
  "what the allow list let pass": { 'cloudtaser_allowed_total scope="node"': lately(0, 200) },
  "an agent without Kubernetes": { cloudtaser_kubernetes_last_heard_timestamp_seconds: flat(0) },
  "an agent that has just begun and knows of no run before": {
    ...runBefore("unknown"),
    cloudtaser_evidence_last_checkpoint_timestamp_seconds: "_x84 5040+60x40",
  },
  "a run that followed on a crash hours ago": { ...runBefore("crashed"), process_start_time_seconds: flat(60) },
  "guards that were silenced an hour ago": { 'cloudtaser_notices_total type="GUARD_SILENCED"': flat(1) },
  "a sink whose errors are over": { 'cloudtaser_sink_errors_total sink="siem"': flat(9) },
  "a sink that has had nothing to do for hours": {
    'cloudtaser_sink_last_success_timestamp_seconds sink="siem"': flat(0),
  },
  "detect mode without anything to protect": {
    'cloudtaser_enforcement_mode mode="detect"': flat(1),
    cloudtaser_protected_processes: flat(0),
  },
};

/** Counters that are there, and not zero, when the agent is scraped for the first time. */
export const firstSeen: Readonly<Record<string, Series>> = {
  CloudtaserGuardSilenced: { 'cloudtaser_notices_total type="GUARD_SILENCED"': lately("_", 1) },
  CloudtaserDoorSkipped: { cloudtaser_door_recursion_misses_total: lately("_", 2) },
};
