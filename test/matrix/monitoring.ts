// SPDX-License-Identifier: Apache-2.0
// A real Prometheus scrapes a real agent and has its alert rules loaded: an attack on a protected process makes the alert
// fire that is about it, and no other. In a guest that others have booted.

import { expect, test } from "vitest";
import { treeRoot } from "../lab/host.js";
import { startPrometheus } from "../lab/prometheus.js";
import type { Field } from "./field.js";

const attacks = 3;
const denied = 'cloudtaser_events_total{outcome="denied"} > 0';

/** test: in a describe whose guest runs no agent. */
export function monitoringTests(fieldOf: () => Field): void {
  test("a real Prometheus reads what the kernel counted, and the alert of a refused attack fires, alone", async () => {
    const field = fieldOf();
    await field.startAgent({ mode: "enforce" });
    const person = await field.person();
    await field.protect(person.pid, "service");
    const rules = `${treeRoot()}/daemonset/monitoring/rules.yaml`;
    const prometheus = await startPrometheus(field.guest, "127.0.0.1:9090", rules);
    const firing = async (): Promise<string[]> =>
      (await prometheus.alerts())
        .filter(({ state }) => state === "firing")
        .map(({ labels }) => `${labels["alertname"]} ${labels["vector"] ?? ""}`);
    const patience = { timeout: 60_000, interval: 500 };
    // An increase is seen from the second scrape on.
    await expect.poll(prometheus.scrapes, patience).toBeGreaterThan(1);
    const before = (await field.counts()).get("environ_read denied") ?? 0;
    expect(await firing()).toEqual([]);
    for (let attack = 0; attack < attacks; attack++) {
      const { truth } = await field.attack("environ_read", "default", person);
      expect(truth).toMatchObject({ succeeded: false, errnoName: "EPERM" });
    }
    await expect.poll(firing, patience).toEqual(["CloudtaserAttackRefused environ_read"]);
    const told = async () =>
      (await prometheus.query(denied)).map(({ labels, value }) => [labels["vector"], value] as const);
    await expect.poll(told, patience).toEqual([["environ_read", before + attacks]]);
    expect(await field.stopAgent()).toBe(0);
  }, 600_000);
}
