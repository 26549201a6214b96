// SPDX-License-Identifier: Apache-2.0
// The usual numbers about the agent's own process, from prom-client, without the families that vary with the runtime's insides.

import { collectDefaultMetrics, type Registry } from "prom-client";

const unwanted = [
  "nodejs_gc_duration_seconds",
  "nodejs_active_resources",
  "nodejs_active_resources_total",
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "nodejs_heap_space_size_total_bytes",
  "nodejs_heap_space_size_used_bytes",
  "nodejs_heap_space_size_available_bytes",
];

export const metricNames = collectDefaultMetrics.metricsList.filter((name) => !unwanted.includes(name));

export function addProcessFamilies(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of unwanted) registry.removeSingleMetric(name);
}
