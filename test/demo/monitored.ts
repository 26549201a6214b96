// SPDX-License-Identifier: Apache-2.0
// Debian's Prometheus in the demo's guest: it scrapes the agent and judges the alert rules that come with it.

import { setTimeout as sleep } from "node:timers/promises";
import type { Guest } from "../lab/guest.js";
import { treeRoot } from "../lab/host.js";
import { type Sample, startPrometheus } from "../lab/prometheus.js";
import { listening } from "./agent.js";

const rules = "daemonset/monitoring/rules.yaml";
export const attacksByVector = 'sum by (vector) (cloudtaser_events_total{outcome="denied"}) > 0';
/** Scrapes come every five seconds; on a machine that does much else some fail. */
const patienceMs = 120_000;

export interface Monitored {
  rules: string;
  byVector: ReadonlyMap<string, number>;
  /** Names of alerts. */
  firing: readonly string[];
}

/** Returns when the agent has been scraped; the function returned asks what has come of it since. */
export async function monitored(guest: Guest, print: (text: string) => void): Promise<() => Promise<Monitored>> {
  const prometheus = await startPrometheus(guest, listening, `${treeRoot()}/${rules}`);
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    const end = Date.now() + patienceMs;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`Prometheus: ${what}\n${prometheus.log().slice(-2000)}`);
      await sleep(500);
    }
  };
  // An increase is seen from the second scrape on.
  await until("no scrape", async () => (await prometheus.scrapes()) > 1);
  print(`a Prometheus scrapes it, with the alert rules of ${rules}`);
  const firing = async (): Promise<string[]> =>
    (await prometheus.alerts())
      .filter(({ state }) => state === "firing")
      .map(({ labels }) => labels["alertname"] ?? "");
  return async () => {
    const before = await prometheus.scrapes();
    await until("no scrape after the attacks", async () => (await prometheus.scrapes()) > before + 1);
    let found: Sample[] = [];
    await until("nothing counted", async () => {
      found = await prometheus.query(attacksByVector);
      return found.length > 0;
    });
    return {
      rules,
      byVector: new Map(found.map(({ labels, value }) => [labels["vector"] ?? "", value])),
      firing: await firing(),
    };
  };
}
