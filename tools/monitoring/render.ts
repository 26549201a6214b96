// SPDX-License-Identifier: Apache-2.0
// The alerts as a plain rule file, as the operator's PrometheusRule, and as a runbook: one definition, three files.

import { stringify } from "yaml";
import { opening } from "../references/markdown.js";
import { eventAlerts } from "./event-alerts.js";
import { guardAlerts } from "./guard-alerts.js";
import { podAlerts } from "./pod-alerts.js";
import type { Alert } from "./rule.js";

export const runbookPath = "docs/reference/alerts.md";

const groups = [
  { name: "cloudtaser.guards", alerts: guardAlerts },
  { name: "cloudtaser.events", alerts: eventAlerts },
  { name: "cloudtaser.pods", alerts: podAlerts },
] as const;

export const alerts: readonly Alert[] = groups.flatMap((group) => group.alerts);

const head =
  "# SPDX-License-Identifier: Apache-2.0\n# Generated from tools/monitoring by make generate. Do not edit.\n";

export const runbookOf = ({ name }: Alert): string => `${runbookPath}#${name.toLowerCase()}`;

function ruleOf(alert: Alert): Record<string, unknown> {
  const { name, expr, severity, summary, description } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { severity },
    annotations: { summary, description, runbook: runbookOf(alert) },
  };
}

const spec = () => ({ groups: groups.map((group) => ({ name: group.name, rules: group.alerts.map(ruleOf) })) });

const yaml = (value: unknown): string => stringify(value, { lineWidth: 0 });

export const rulesFile = (): string => `${head}${yaml(spec())}`;

export function prometheusRule(): string {
  return `${head}${yaml({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "cloudtaser", labels: { "app.kubernetes.io/name": "cloudtaser" } },
    spec: spec(),
  })}`;
}

export function alertsReference(): string {
  const entries = alerts.map((alert) =>
    [
      `## ${alert.name}`,
      "",
      `Severity ${alert.severity}. ${alert.for === undefined ? "At once" : `After ${alert.for}`}, when`,
      "",
      `    ${alert.expr}`,
      "",
      alert.description,
      "",
      ...alert.runbook.map((step, index) => `${index + 1}. ${step}`),
      "",
    ].join("\n"),
  );
  const files =
    "`daemonset/monitoring/rules.yaml` for Prometheus, `daemonset/monitoring/prometheusrule.yaml` for its operator";
  return [
    opening("Alerts", "tools/monitoring", `What each alert means and what to do. The rules: ${files}.`),
    "The scrape job is named `cloudtaser`, or ends in `/cloudtaser` as the operator makes it of a PodMonitor.",
    "",
    ...entries,
  ].join("\n");
}
