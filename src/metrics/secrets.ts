// SPDX-License-Identifier: Apache-2.0
// Registered secrets, and what could not be looked at for them.

import type { FamilyOptions } from "./family.js";
import type { MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = ["cloudtaser_secrets", "cloudtaser_unscanned_total"] as const;

export function secretFamilies(readers: MetricReaders, labels: MetricLabels): FamilyOptions[] {
  return [
    {
      name: metricNames[0],
      help: "Registered secrets.",
      kind: "gauge",
      read: () => [{ value: readers.secrets() }],
    },
    {
      name: metricNames[1],
      help: "Operations of protected processes that were not looked at whole for secrets, by reason, as far as events tell: repeated ones count with the first.",
      kind: "counter",
      labels: ["reason"],
      known: labels.unscanned.map((reason) => ({ reason })),
      *read() {
        for (const { reason, count } of readers.unscanned()) yield { labels: { reason }, value: count };
      },
    },
  ];
}
