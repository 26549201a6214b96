// SPDX-License-Identifier: Apache-2.0
// The agent's proof of itself: the canary and the last load of the configuration.

import type { FamilyOptions } from "./family.js";
import type { MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_canary_last_success_timestamp_seconds",
  "cloudtaser_canary_failures_total",
  "cloudtaser_config_last_reload_successful",
  "cloudtaser_config_last_reload_success_timestamp_seconds",
] as const;

export function canaryFamilies(readers: MetricReaders): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "When every attached door was last proved, Unix time; 0 for never. Not renewed while the doors are idle.",
      kind: "gauge",
      read: () => [{ value: readers.canary().lastSuccess }],
    },
    {
      name: metricNames[1],
      help: "Canary rounds in which a door let the attack through or could not be tried.",
      kind: "counter",
      read: () => [{ value: readers.canary().failures }],
    },
    {
      name: metricNames[2],
      help: "1 if the last load of the configuration was accepted; 0 if it was refused and the old one is in force.",
      kind: "gauge",
      read: () => [{ value: readers.reload().successful ? 1 : 0 }],
    },
    {
      name: metricNames[3],
      help: "When a configuration was last accepted, Unix time.",
      kind: "gauge",
      read: () => [{ value: readers.reload().lastSuccess }],
    },
  ];
}
