// SPDX-License-Identifier: Apache-2.0
// All families on one registry of our own.

import { type OpenMetricsContentType, Registry } from "prom-client";
import * as build from "./build.js";
import * as canary from "./canary.js";
import * as doors from "./doors.js";
import * as events from "./events.js";
import * as evidence from "./evidence.js";
import { addFamily, addHistogram, type FamilyOptions, type OnReadFailure } from "./family.js";
import * as kubernetes from "./kubernetes.js";
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
  ...kubernetes.metricNames,
  ...sinks.metricNames,
  ...canary.metricNames,
  ...secrets.metricNames,
  ...selftest.metricNames,
  ...evidence.metricNames,
  scrapeFailures,
];

export interface Metrics {
  /** Text of /metrics; reads everything now. OpenMetrics, with exemplars, for who accepts it. */
  render(accept?: string): Promise<{ contentType: string; text: string }>;
  /** Name, type, help and label names of every family, for the reference. */
  describe(): Promise<{ name: string; type: string; help: string; labels: string[] }[]>;
}

function openMetricsRegistry(): Registry {
  const registry: Registry<OpenMetricsContentType> = new Registry();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  // The families do not ask of which kind it is.
  return registry as unknown as Registry;
}

/** onReadFailure: told of every reader that threw. processMetrics: the agent's own memory, CPU and descriptors. */
export function createMetrics(
  readers: MetricReaders,
  labels: MetricLabels,
  { onReadFailure, processMetrics = true }: { onReadFailure?: OnReadFailure; processMetrics?: boolean } = {},
): Metrics {
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
    ...kubernetes.kubernetesFamilies(readers),
    ...sinks.sinkFamilies(readers),
    ...canary.canaryFamilies(readers),
    ...secrets.secretFamilies(readers, labels),
    ...selftest.selftestFamilies(readers, labels),
    ...evidence.evidenceFamilies(readers),
    {
      name: scrapeFailures,
      help: "Values that could not be read at a scrape; the family kept those of the time before.",
      kind: "counter",
      read: () => [{ value: failures }],
    },
  ];
  const latency = sinks.latencyFamily(readers, labels);
  const fill = (made: Registry): Registry => {
    for (const family of families) addFamily(made, family, failed);
    addHistogram(made, latency, failed);
    if (processMetrics) processes.addProcessFamilies(made);
    return made;
  };
  const registry = fill(new Registry());
  // The library renames a registry's counters when it writes OpenMetrics: there is one for each, made when it is asked for.
  let open: Registry | undefined;
  const labelsOf = new Map([...families, latency].map(({ name, labels: names }) => [name, [...(names ?? [])]]));
  return {
    async render(accept = "") {
      if (!accept.includes("application/openmetrics-text"))
        return { contentType: registry.contentType, text: await registry.metrics() };
      open ??= fill(openMetricsRegistry());
      return { contentType: open.contentType, text: await open.metrics() };
    },
    async describe() {
      const all = await registry.getMetricsAsJSON();
      return all.map(({ name, type, help }) => ({ name, type: String(type), help, labels: labelsOf.get(name) ?? [] }));
    },
  };
}
