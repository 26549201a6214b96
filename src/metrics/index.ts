// SPDX-License-Identifier: Apache-2.0
// The metrics room: what other rooms may import.

export { createMetrics, type Metrics, metricNames } from "./metrics.js";
export type { DoorMetrics, MetricLabels, MetricReaders, SinkMetrics } from "./readers.js";
