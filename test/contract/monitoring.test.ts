// SPDX-License-Identifier: Apache-2.0
// Alert rules and dashboard speak of metrics, label values and commands that there are.

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { noticeTypes } from "../../src/formats/index.js";
import { Loss } from "../../src/kernel/abi.gen.js";
import { metricNames } from "../../src/metrics/index.js";
import { selftestOutcomes } from "../../src/selftest/index.js";
import { dashboardFile, dashboardQueries, filledIn } from "../../tools/monitoring/dashboard.js";
import { alerts, prometheusRule, rulesFile, runbookOf } from "../../tools/monitoring/render.js";
import { metricsIn } from "../../tools/monitoring/rule.js";
import { read } from "./sources.js";

/** Those of Prometheus itself and of kube-state-metrics. */
const others = /^(up|ALERTS|kube_daemonset_status_(desired_number_scheduled|number_ready))$/;
/** Asked of the metrics room, with those of the process: see docs/reference. */
const exported = new Set(
  [...read("docs/reference/metrics.md").matchAll(/^\| `(\w+)` \| (?:counter|gauge|histogram) \|/gm)].map(
    ([, name]) => name,
  ),
);
const isExported = (name: string): boolean =>
  exported.has(name) || exported.has(name.replace(/_(bucket|sum|count)$/, "")) || others.test(name);

const expressions = [...alerts.map(({ expr }) => expr), ...dashboardQueries().map(filledIn)];

describe("what is asked of Prometheus", () => {
  it("has a list of what the agent exports", () => {
    for (const name of [...metricNames, "process_start_time_seconds"]) expect(exported).toContain(name);
  });

  it("is about metrics that the agent exports", () => {
    for (const expr of expressions) {
      const names = metricsIn(expr);
      expect(names.length, expr).toBeGreaterThan(0);
      expect(
        names.filter((name) => !isExported(name)),
        expr,
      ).toEqual([]);
    }
  });

  it("would be found out if it were not", () => {
    expect(metricsIn('rate(cloudtaser_no_such_total{a="b_c"}[5m]) > 0').filter((name) => !isExported(name))).toEqual([
      "cloudtaser_no_such_total",
    ]);
  });

  it("names label values that there are", () => {
    const known: Record<string, readonly string[]> = {
      type: Object.keys(noticeTypes),
      reason: Object.keys(Loss),
      outcome: ["observed", "denied", "killed", "allowed", ...selftestOutcomes],
      end: ["stopped", "crashed", "unknown"],
      mode: ["detect", "enforce"],
    };
    for (const expr of expressions) {
      for (const [, label = "", value = ""] of expr.matchAll(/(\w+)!?="(\w+)"/g))
        expect(known[label] ?? [value], `${expr}: ${label}`).toContain(value);
    }
  });
});

describe("the rules", () => {
  it("each have all that a person on duty needs", () => {
    const reference = read("docs/reference/alerts.md");
    for (const alert of alerts) {
      expect(alert.name).toMatch(/^Cloudtaser[A-Z][A-Za-z]+$/);
      expect(alert.summary, alert.name).toMatch(/\.$/);
      expect(alert.runbook.length, alert.name).toBeGreaterThan(0);
      expect(reference).toContain(`## ${alert.name}\n`);
      expect(runbookOf(alert)).toBe(`docs/reference/alerts.md#${alert.name.toLowerCase()}`);
    }
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
  });

  it("are the same as a plain file and for the operator", () => {
    expect(parse(prometheusRule()).spec).toEqual(parse(rulesFile()));
  });
});

describe("the dashboard", () => {
  const { panels, uid, id } = JSON.parse(dashboardFile()) as {
    id: null;
    uid: string;
    panels: { id: number; type: string; title: string; gridPos: { x: number; y: number; w: number; h: number } }[];
  };

  it("has an id of its own and none of an installation", () => {
    expect({ uid, id }).toEqual({ uid: "cloudtaser", id: null });
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
  });

  it("lays no panel over another", () => {
    const cells = panels.flatMap(({ title, gridPos: { x, y, w, h } }) => {
      expect(x + w, title).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});
