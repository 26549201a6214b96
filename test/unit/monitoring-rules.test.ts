// SPDX-License-Identifier: Apache-2.0
// The real promtool judges alert rules and dashboard: what it takes, what fires on which series, and what does not.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { dashboardQueries, filledIn } from "../../tools/monitoring/dashboard.js";
import { alerts, rulesFile } from "../../tools/monitoring/render.js";
import { type PrometheusTools, prometheusTools } from "../lab/prometheus.js";
import { firing, firstSeen, healthy, quiet, type Series } from "./monitoring-cases.js";

const directory = mkdtempSync(join(tmpdir(), "ct-rules-"));
let tools: PrometheusTools;

beforeAll(async () => {
  tools = await prometheusTools();
  writeFileSync(join(directory, "rules.yaml"), rulesFile());
}, 600_000);
afterAll(() => rmSync(directory, { recursive: true }));

/** Both streams, and the exit status. */
function promtool(...args: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(tools.promtool, args, { cwd: directory, maxBuffer: 1 << 26 }, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: `${out}${err}` }),
    );
  });
}

interface Case {
  name: string;
  series: Series;
  fires: readonly string[];
}

const cases: Case[] = [
  ...Object.entries(firing).map(([names, series]) => ({ name: names, series, fires: names.split(" ") })),
  ...Object.entries(firstSeen).map(([name, series]) => ({ name: `${name}, first seen`, series, fires: [name] })),
  ...Object.entries(quiet).map(([name, series]) => ({ name, series, fires: [] })),
];

function testFile({ name, series, fires }: Case): string {
  const all = Object.entries({ ...healthy, ...series });
  return stringify({
    rule_files: ["rules.yaml"],
    evaluation_interval: "1m",
    tests: [
      {
        name,
        interval: "1m",
        input_series: all.map(([key, values]) => {
          const [metric, labels] = key.split(" ");
          const own = `job="monitoring/cloudtaser",instance="node-1:9464"`;
          return { series: `${metric}{${labels === undefined ? own : `${own},${labels}`}}`, values };
        }),
        promql_expr_test: [
          {
            expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
            eval_time: "90m",
            exp_samples: fires.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
          },
        ],
      },
    ],
  });
}

describe("alert rules", () => {
  it("are what promtool takes, without a remark", async () => {
    expect(await promtool("check", "rules", "--lint-fatal", "rules.yaml")).toMatchObject({ status: 0 });
  });

  it("have a case that makes each of them fire", () => {
    expect(Object.keys(firing).map((names) => names.split(" ")[0])).toEqual(alerts.map(({ name }) => name));
  });

  it("fire on what they are about, alone, and on nothing else", async () => {
    const files = cases.map((one, index) => {
      const file = `case-${index}.yaml`;
      writeFileSync(join(directory, file), testFile(one));
      return file;
    });
    const { status, output } = await promtool("test", "rules", ...files);
    const failed = cases.filter((_, index) => !output.includes(`Unit Testing:  case-${index}.yaml\n  SUCCESS`));
    expect({ failed: failed.map(({ name }) => name), output: status === 0 ? "" : output }).toEqual({
      failed: [],
      output: "",
    });
  });

  it("would be found out: a case that expects the wrong alert fails", async () => {
    writeFileSync(
      join(directory, "wrong.yaml"),
      testFile({ name: "wrong", series: {}, fires: ["CloudtaserAgentDown"] }),
    );
    expect((await promtool("test", "rules", "wrong.yaml")).status).not.toBe(0);
  });
});

describe("the dashboard", () => {
  it("asks only what Prometheus can parse", async () => {
    const groups = [
      {
        name: "dashboard",
        rules: dashboardQueries().map((expr, index) => ({ record: `dashboard:query:${index}`, expr: filledIn(expr) })),
      },
    ];
    writeFileSync(join(directory, "queries.yaml"), stringify({ groups }));
    expect(await promtool("check", "rules", "queries.yaml")).toMatchObject({ status: 0 });
    expect(dashboardQueries().length).toBeGreaterThan(20);
  });
});
