// SPDX-License-Identifier: Apache-2.0
// The only file that builds prom-client metrics: a family whose samples are read at scrape time, on a registry of our own. The
// library's global registry is never touched.

import { Counter, Gauge, type Metric, type Registry } from "prom-client";

export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number | bigint;
}

export interface HistogramSample {
  labels: Readonly<Record<string, string>>;
  /** By bound, not cumulative. */
  counts: readonly number[];
  count: number;
  sum: number;
  /** By bucket, the last one for what is above every bound. Unix seconds. */
  exemplars?: readonly ({ id: string; value: number; at: number } | undefined)[];
}

export interface HistogramOptions {
  name: string;
  help: string;
  kind: "histogram";
  labels: readonly string[];
  bounds: readonly number[];
  read(): Iterable<HistogramSample>;
}

export interface FamilyOptions {
  name: string;
  help: string;
  kind: "counter" | "gauge";
  labels?: readonly string[];
  /** Label sets that exist from the start, at zero, whatever read() knows. */
  known?: Iterable<Readonly<Record<string, string>>>;
  read(): Iterable<Sample>;
}

/** Told of the family whose reader threw; the scrape goes on with the values of the time before. */
export type OnReadFailure = (family: string, error: unknown) => void;

export function addFamily(registry: Registry, options: FamilyOptions, onFailure: OnReadFailure): void {
  const { name, help, kind } = options;
  const labelNames = [...(options.labels ?? [])];
  const zeros = (options.known === undefined ? [] : [...options.known]).map((labels) => ({ labels, value: 0 }));
  const collect = () => {
    try {
      // Read all before the old values go: a counter that falls to zero for one scrape looks like a restart.
      const samples = [...zeros, ...options.read()];
      metric.reset();
      for (const { labels = {}, value } of samples) record({ ...labels }, Number(value));
    } catch (error) {
      onFailure(name, error);
    }
  };
  const registers = [registry];
  const metric =
    kind === "gauge"
      ? new Gauge({ name, help, labelNames, registers, collect })
      : new Counter({ name, help, labelNames, registers, collect });
  const record = (labels: Record<string, string>, value: number) => {
    if (metric instanceof Gauge) {
      metric.set(labels, value);
      return;
    }
    // A counter can only be added to: the zero that announces a series and its value come one after the other.
    metric.inc(labels, value);
  };
  for (const { labels } of zeros) record({ ...labels }, 0);
}

interface Value {
  labels: Record<string, string | number>;
  value: number;
  metricName: string;
  /** Shown in OpenMetrics alone. */
  exemplar?: { labelSet: Record<string, string>; value: number; timestamp: number };
}

/** The library's own histogram counts observations one by one; ours are counted already, and read when somebody scrapes. */
export function addHistogram(registry: Registry, options: HistogramOptions, onFailure: OnReadFailure): void {
  const { name, help, bounds } = options;
  let values: Value[] = [];
  const metric = {
    name,
    help,
    async get() {
      try {
        values = [...options.read()].flatMap(({ labels, counts, count, sum, exemplars }) => {
          const example = (index: number): Pick<Value, "exemplar"> => {
            const one = exemplars?.[index];
            if (one === undefined) return {};
            return { exemplar: { labelSet: { event_id: one.id }, value: one.value, timestamp: one.at } };
          };
          let below = 0;
          const buckets = bounds.map((le, index) => {
            below += counts[index] ?? 0;
            return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket`, ...example(index) };
          });
          return [
            ...buckets,
            {
              labels: { ...labels, le: "+Inf" },
              value: count,
              metricName: `${name}_bucket`,
              ...example(bounds.length),
            },
            { labels: { ...labels }, value: sum, metricName: `${name}_sum` },
            { labels: { ...labels }, value: count, metricName: `${name}_count` },
          ];
        });
      } catch (error) {
        onFailure(name, error);
      }
      return { name, help, type: "histogram", values, aggregator: "sum" };
    },
    reset() {},
  };
  registry.registerMetric(metric as unknown as Metric<string>);
}
