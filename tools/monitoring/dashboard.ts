// SPDX-License-Identifier: Apache-2.0
// The panels as a Grafana dashboard: laid out in rows of 24 columns, with variables for data source and agent.

import { type Panel, rows } from "./panels.js";

const height = 7;
const columns = 24;
const source = { type: "prometheus", uid: "$datasource" };

/** What Grafana puts in is put in here, so that an expression can be parsed or asked without it. */
export const filledIn = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h").replaceAll("$instance", ".*");

/** Every expression that the dashboard asks, as Grafana has it. */
export const dashboardQueries = (): string[] => [
  ...rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(([expr]) => expr))),
];

function thresholds({ red, mustBeOne }: Panel) {
  const steps = mustBeOne
    ? [
        { color: "red", value: null },
        { color: "green", value: 1 },
      ]
    : [{ color: "green", value: null }, ...(red === undefined ? [] : [{ color: "red", value: red }])];
  return { mode: "absolute", steps };
}

function panelOf(panel: Panel, id: number, x: number, y: number) {
  const { title, description, type, queries, unit = "short", width } = panel;
  return {
    id,
    type,
    title,
    description,
    datasource: source,
    gridPos: { h: height, w: width, x, y },
    fieldConfig: { defaults: { unit, min: 0, thresholds: thresholds(panel) }, overrides: [] },
    options: type === "stat" ? { colorMode: "background", reduceOptions: { calcs: ["lastNotNull"] } } : {},
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: source,
      expr,
      legendFormat,
      ...(type === "timeseries" ? { exemplar: expr.includes("_bucket") } : { instant: true }),
      ...(type === "table" ? { format: "table" } : {}),
    })),
  };
}

function layOut() {
  const laid: unknown[] = [];
  let id = 1;
  let y = 0;
  for (const { title, panels } of rows) {
    laid.push({ id: id++, type: "row", title, collapsed: false, panels: [], gridPos: { h: 1, w: columns, x: 0, y } });
    y++;
    let x = 0;
    for (const panel of panels) {
      if (x + panel.width > columns) {
        x = 0;
        y += height;
      }
      laid.push(panelOf(panel, id++, x, y));
      x += panel.width;
    }
    y += height;
  }
  return laid;
}

export function dashboardFile(): string {
  const dashboard = {
    $comment: "SPDX-License-Identifier: Apache-2.0. Generated from tools/monitoring by make generate. Do not edit.",
    id: null,
    uid: "cloudtaser",
    title: "cloudtaser",
    tags: ["cloudtaser", "security"],
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    schemaVersion: 39,
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
        {
          name: "instance",
          type: "query",
          label: "Agent",
          datasource: source,
          query: { query: "label_values(cloudtaser_ready, instance)", refId: "instance" },
          includeAll: true,
          multi: true,
          allValue: ".*",
          current: { text: "All", value: "$__all" },
          refresh: 2,
          sort: 1,
        },
      ],
    },
    annotations: {
      list: [
        {
          name: "Alerts",
          datasource: source,
          enable: true,
          iconColor: "red",
          expr: 'ALERTS{alertname=~"Cloudtaser.*", alertstate="firing"}',
          titleFormat: "{{alertname}}",
          textFormat: "{{instance}}",
        },
      ],
    },
    panels: layOut(),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
