// SPDX-License-Identifier: Apache-2.0
// What the agent knows of the pods of its node; zeros where it protects none.

import type { FamilyOptions } from "./family.js";
import type { MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_kubernetes_pods",
  "cloudtaser_kubernetes_wanted_pods",
  "cloudtaser_kubernetes_unguarded_pods",
  "cloudtaser_kubernetes_watch_restarts_total",
  "cloudtaser_kubernetes_last_heard_timestamp_seconds",
  "cloudtaser_kubernetes_reconcile_seconds",
  "cloudtaser_kubernetes_reconcile_longest_seconds",
] as const;

export function kubernetesFamilies(readers: MetricReaders): FamilyOptions[] {
  const gauge = (name: (typeof metricNames)[number], help: string, value: () => number): FamilyOptions => ({
    name,
    help,
    kind: "gauge",
    read: () => [{ value: value() }],
  });
  return [
    gauge(metricNames[0], "Pods of this node that the API server has named.", () => readers.pods().pods),
    gauge(metricNames[1], "Pods of this node that are to be protected.", () => readers.pods().wanted),
    gauge(
      metricNames[2],
      "Pods that are to be protected, whose containers run, and that are not.",
      () => readers.pods().unguarded,
    ),
    {
      name: metricNames[3],
      help: "Watches of the API server that were begun after the first one.",
      kind: "counter",
      read: () => [{ value: readers.pods().watchRestarts }],
    },
    gauge(
      metricNames[4],
      "When the API server last told something, in Unix seconds, or when it was first asked; 0 without Kubernetes.",
      () => readers.pods().lastHeard,
    ),
    gauge(
      metricNames[5],
      "How long the last look through the pods of this node took.",
      () => readers.pods().lastReconcileSeconds,
    ),
    gauge(
      metricNames[6],
      "How long the longest look through the pods of this node took since the agent started.",
      () => readers.pods().longestReconcileSeconds,
    ),
  ];
}
