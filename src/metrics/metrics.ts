// SPDX-License-Identifier: Apache-2.0
// All families on one registry of our own.

import { Registry } from "prom-client";
import * as build from "./build.js";
import * as canary from "./canary.js";
import * as doors from "./doors.js";
import * as events from "./events.js";
import { addFamily, addHistogram, type FamilyOptions, type OnReadFailure } from "./family.js";
import * as losses from "./losses.js";
import * as processes from "./process.js";
import type { MetricLabels, MetricReaders } from "./readers.js";
import * as scope from "./scope.js";
import * as secrets from "./secrets.js";
import * as selftest from "./selftest.js";
import * as sinks from "./sinks.js";

const scrapeFailures = "cloudtaser_scrape_failures_total";

/** Names of every family of ours, without those of the process. */
export const metricNames: readonly string[] = [
  ...build.metricNames,
  ...events.metricNames,
  ...doors.metricNames,
  ...losses.metricNames,
  ...scope.metricNames,
  ...sinks.metricNames,
  ...canary.metricNames,
  ...secrets.metricNames,
  ...selftest.metricNames,
  scrapeFailures,
];

export interface Metrics {
  contentType: string;
  /** Text of /metrics; reads everything now. */
  render(): Promise<string>;
  /** Name, type, help and label names of every family, for the reference. */
  describe(): Promise<{ name: string; type: string; help: string; labels: string[] }[]>;
}

/** onReadFailure: told of every reader that threw. processMetrics: the agent's own memory, CPU and descriptors. */
export function createMetrics(
  readers: MetricReaders,
  labels: MetricLabels,
  { onReadFailure, processMetrics = true }: { onReadFailure?: OnReadFailure; processMetrics?: boolean } = {},
): Metrics {
  const registry = new Registry();
  let failures = 0;
  const failed: OnReadFailure = (family, error) => {
    failures++;
    onReadFailure?.(family, error);
  };
  const families: FamilyOptions[] = [
    ...build.buildFamilies(readers),
    ...events.eventFamilies(readers, labels),
    ...doors.doorFamilies(readers, labels),
    ...losses.lossFamilies(readers, labels),
    ...scope.scopeFamilies(readers),
    ...sinks.sinkFamilies(readers),
    ...canary.canaryFamilies(readers),
    ...secrets.secretFamilies(readers, labels),
    ...selftest.selftestFamilies(readers, labels),
    {
      name: scrapeFailures,
      help: "Values that could not be read at a scrape; the family kept those of the time before.",
      kind: "counter",
      read: () => [{ value: failures }],
    },
  ];
  for (const family of families) addFamily(registry, family, failed);
  const latency = sinks.latencyFamily(readers, labels);
  addHistogram(registry, latency, failed);
  if (processMetrics) processes.addProcessFamilies(registry);
  const labelsOf = new Map([...families, latency].map(({ name, labels: names }) => [name, [...(names ?? [])]]));
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    async describe() {
      const all = await registry.getMetricsAsJSON();
      return all.map(({ name, type, help }) => ({ name, type: String(type), help, labels: labelsOf.get(name) ?? [] }));
    },
  };
}
