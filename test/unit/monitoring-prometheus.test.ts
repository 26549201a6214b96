// SPDX-License-Identifier: Apache-2.0
// A real Prometheus scrapes the agent's own HTTP server, asks every expression of the dashboard, and its alert fires.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeHealthServer, startHealthServer } from "../../src/agent/http.js";
import { createMetrics } from "../../src/metrics/index.js";
import { dashboardQueries, filledIn } from "../../tools/monitoring/dashboard.js";
import { rulesFile } from "../../tools/monitoring/render.js";
import { prometheusTools } from "../lab/prometheus.js";
import { labels, quiet, readers } from "./metrics-support.js";

const directory = mkdtempSync(join(tmpdir(), "ct-prometheus-"));
const eventId = "01890a5d-ac96-774b-bcce-b302099a8057";
let server: Awaited<ReturnType<typeof startHealthServer>>;
let prometheus: ChildProcess | undefined;
let address = "";
let log = "";
let denied = 0n;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const at = probe.address();
      probe.close(() => resolve(typeof at === "object" && at !== null ? at.port : 0));
    });
  });
}

async function ask<Answer>(path: string, parameters: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = (await answer.json()) as { status: string; error?: string; data: Answer };
  if (body.status !== "success") throw new Error(`${parameters["query"]}: ${body.error}`);
  return body.data;
}

type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
const query = async (expr: string) => (await ask<Vector>("query", { query: expr })).result;

/** Until it holds; a minute at most. What Prometheus said is in the failure. */
async function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  let last: unknown;
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((done) => setTimeout(done, 250))) {
    const found = await look().catch((error: unknown) => {
      last = error;
      return undefined;
    });
    if (found !== undefined) return found;
  }
  throw new Error(`${what}: not within a minute; ${String(last)}\n${log.slice(-2000)}`);
}

beforeAll(async () => {
  const now = Date.now();
  const last = [{ line: `{"id":"${eventId}"}`, seconds: 0.004, at: now }];
  const sink = {
    ...quiet,
    lastSuccess: now,
    delivered: 3,
    latency: { counts: [3, 0], count: 3, sumSeconds: 0.01, last },
  };
  const metrics = createMetrics(
    readers({
      events: () => [{ vector: "kcore", outcome: "denied", count: denied }],
      doors: () =>
        labels.doors.map((door) => ({
          ...{
            door,
            form: "lsm",
            attached: true,
            idle: false,
            proved: true,
            untried: false,
            sound: true,
            recursionMisses: 0n,
          },
        })),
      sinks: () => [sink],
      evidence: () => ({
        ...{ signed: true, lastCheckpoint: Date.now() / 1000, intervalSeconds: 60, before: "stopped" as const },
      }),
      mode: () => "enforce",
    }),
    labels,
  );
  const port = await freePort();
  server = await startHealthServer(`127.0.0.1:${port}`, { metrics, notReady: () => [], status: () => ({}) });
  writeFileSync(join(directory, "rules.yaml"), rulesFile());
  writeFileSync(
    join(directory, "prometheus.yaml"),
    `global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [rules.yaml]
scrape_configs:
  - { job_name: cloudtaser, static_configs: [{ targets: ["127.0.0.1:${port}"] }] }
`,
  );
  const tools = await prometheusTools();
  address = `127.0.0.1:${await freePort()}`;
  const process = spawn(
    tools.prometheus,
    [
      "--config.file=prometheus.yaml",
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${address}`,
      "--enable-feature=exemplar-storage",
    ],
    { cwd: directory, stdio: ["ignore", "ignore", "pipe"] },
  );
  process.stderr?.on("data", (text: Buffer) => (log += text.toString()));
  prometheus = process;
  await until("a scrape", async () => ((await query("up"))[0]?.value[1] === "1" ? true : undefined));
}, 600_000);

afterAll(async () => {
  const ended = prometheus === undefined ? undefined : new Promise((done) => prometheus?.once("exit", done));
  prometheus?.kill();
  await ended;
  await closeHealthServer(server);
  rmSync(directory, { recursive: true });
});

describe("a real Prometheus", () => {
  it("reads counters under their names, in OpenMetrics", async () => {
    await until("two scrapes", async () =>
      (await query("count_over_time(up[1m]) >= 2")).length > 0 ? true : undefined,
    );
    expect(await query('cloudtaser_events_total{vector="kcore",outcome="denied"}')).toHaveLength(1);
    expect(await query("process_start_time_seconds")).toHaveLength(1);
  });

  it("keeps the event of a bucket", async () => {
    const exemplars = await until("an exemplar", async () => {
      const found = await ask<{ exemplars: { labels: Record<string, string> }[] }[]>("query_exemplars", {
        query: "cloudtaser_sink_delivery_seconds_bucket",
        start: String(Date.now() / 1000 - 3600),
        end: String(Date.now() / 1000 + 60),
      });
      return found.length > 0 ? found.flatMap((one) => one.exemplars) : undefined;
    });
    expect(exemplars[0]?.labels).toEqual({ event_id: eventId });
  });

  it.each(dashboardQueries())("answers what the dashboard asks: %s", async (expr) => {
    expect(Array.isArray(await query(filledIn(expr)))).toBe(true);
  });

  it("raises the alert of an attack that was refused, and that one only", async () => {
    expect(await query('ALERTS{alertstate="firing"}')).toEqual([]);
    denied = 4n;
    const fired = await until("the alert", async () => {
      const found = await query('ALERTS{alertstate="firing"}');
      return found.length > 0 ? found : undefined;
    });
    expect(fired.map(({ metric }) => [metric["alertname"], metric["severity"], metric["vector"]])).toEqual([
      ["CloudtaserAttackRefused", "warning", "kcore"],
    ]);
  });
});
