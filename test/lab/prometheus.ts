// SPDX-License-Identifier: Apache-2.0
// Debian's Prometheus and its tool: they judge rules, dashboard and metrics, on this machine and in guests.

import { join } from "node:path";
import { unpackedPackages } from "./debian.js";
import type { Guest } from "./guest.js";

export interface PrometheusTools {
  prometheus: string;
  promtool: string;
}

/** Throws LAB_SOURCE_UNREACHABLE with the way out. */
export async function prometheusTools(): Promise<PrometheusTools> {
  const bin = join(await unpackedPackages("prometheus", ["prometheus"]), "usr/bin");
  return { prometheus: join(bin, "prometheus"), promtool: join(bin, "promtool") };
}

export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Of /api/v1/alerts. */
export interface Alert {
  state: "pending" | "firing";
  labels: Readonly<Record<string, string>>;
}

export interface GuestPrometheus {
  /** That the agent answered in time: a busy host's guest may miss some. */
  scrapes(): Promise<number>;
  /** Throws what Prometheus says is wrong with the expression. */
  query(expr: string): Promise<Sample[]>;
  alerts(): Promise<Alert[]>;
  /** What it wrote. */
  log(): string;
}

const home = "/run/prometheus";
const address = "127.0.0.1:9091";
const secondsToStart = 120;

/** A Prometheus in the guest that scrapes an agent there, and judges its alerts, every few seconds. Returns when it answers.
 *  @param rules a rule file of this machine */
export async function startPrometheus(guest: Guest, target: string, rules: string): Promise<GuestPrometheus> {
  const { prometheus } = await prometheusTools();
  await guest.copy(prometheus, `${home}/prometheus`);
  await guest.copy(rules, `${home}/rules.yaml`);
  await guest.writeFile(
    `${home}/prometheus.yaml`,
    `global: { scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 1s }
rule_files: [rules.yaml]
scrape_configs:
  - { job_name: cloudtaser, static_configs: [{ targets: ["${target}"] }] }
`,
  );
  const running = guest.spawn(
    ["./prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", `--web.listen-address=${address}`],
    { cwd: home },
  );
  const log = (): string => running.stderr;
  const ready = `for i in $(seq ${secondsToStart * 4}); do busybox wget -qO- http://${address}/-/ready && exit; sleep 0.25; done; exit 1`;
  const { status } = await guest.run(ready, { timeoutSeconds: secondsToStart + 30 });
  if (status !== 0) throw new Error(`Prometheus does not answer after ${secondsToStart} s:\n${log().slice(-2000)}`);

  async function ask<Answer>(path: string): Promise<Answer> {
    const { stdout, stderr } = await guest.run(["busybox", "wget", "-qO-", `http://${address}/api/v1/${path}`]);
    if (stdout === "") throw new Error(`${path}: ${stderr.trim()}`);
    return (JSON.parse(stdout) as { data: Answer }).data;
  }
  type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
  const query = async (expr: string): Promise<Sample[]> => {
    const { result } = await ask<Vector>(`query?query=${encodeURIComponent(expr)}`);
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  };
  return {
    log,
    query,
    scrapes: async () => (await query("sum_over_time(up[1h])"))[0]?.value ?? 0,
    alerts: async () => (await ask<{ alerts: Alert[] }>("alerts")).alerts,
  };
}
