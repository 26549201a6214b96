// SPDX-License-Identifier: Apache-2.0
// The usual numbers about the agent's own process, from prom-client, without the families that vary with the runtime's insides
// or say what another one says: a node has room for 300 series, and those about guards and events come first.

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
  "nodejs_eventloop_lag_min_seconds",
  "nodejs_eventloop_lag_mean_seconds",
  "nodejs_eventloop_lag_stddev_seconds",
  "nodejs_eventloop_lag_p50_seconds",
  "nodejs_eventloop_lag_p90_seconds",
  "nodejs_version_info",
  "process_cpu_user_seconds_total",
  "process_cpu_system_seconds_total",
  "process_virtual_memory_bytes",
  "process_heap_bytes",
];

export function addProcessFamilies(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of unwanted) registry.removeSingleMetric(name);
}
