// SPDX-License-Identifier: Apache-2.0
// Every known series exists at zero, values are read at scrape, and a reader that fails spoils nothing but itself.

import { register } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { Loss } from "../../src/kernel/abi.gen.js";
import { doorNames } from "../../src/kernel/doors.js";
import { createMetrics, type MetricReaders, metricNames } from "../../src/metrics/index.js";
import { selftestOutcomes } from "../../src/selftest/index.js";
import { dropReasons, latencyBounds } from "../../src/sinks/index.js";
import { vectorNames } from "../../src/vectors/index.js";
import { labels, quiet, readers } from "./metrics-support.js";

async function render(change: Partial<MetricReaders> = {}) {
  return (await createMetrics(readers(change), labels, { processMetrics: false }).render()).text;
}

describe("createMetrics", () => {
  it("has every known series at zero before anything happened", async () => {
    const text = await render();
    for (const vector of vectorNames) {
      for (const outcome of ["observed", "denied"]) {
        expect(text).toContain(`cloudtaser_events_total{vector="${vector}",outcome="${outcome}"} 0\n`);
      }
    }
    for (const series of [
      'allowed_total{scope="own"} 0',
      'form{form="lsm"} 0',
      'door_proved{door="bpf"} 0',
      "door_recursion_misses_total 0",
      'lost_total{reason="ring_full"} 0',
      'sink_dropped_events_total{sink="file",reason="broken"} 0',
      'sink_delivery_seconds_bucket{sink="file",le="+Inf"} 0',
      "canary_failures_total 0",
      "protected_processes 0",
    ]) {
      expect(text).toContain(`cloudtaser_${series}\n`);
    }
  });

  it("shows the values of now, and does not add up from scrape to scrape", async () => {
    let count = 2n;
    const metrics = createMetrics(
      readers({
        mode: () => "enforce",
        events: () => [{ vector: "kcore", outcome: "denied", count }],
        doors: () => [
          {
            door: "bpf",
            form: "lsm",
            attached: true,
            idle: false,
            proved: true,
            untried: false,
            sound: true,
            recursionMisses: 3n,
          },
          {
            door: "file_open",
            form: undefined,
            attached: false,
            idle: true,
            proved: true,
            untried: false,
            sound: false,
            recursionMisses: 0n,
          },
        ],
        losses: () => [{ reason: "ring_full", count: 9n }],
        sinks: () => [
          {
            ...quiet,
            delivered: 4,
            spoolBytes: 99,
            retried: 2,
            lastSuccess: 5000,
            dropped: { queue_full: 5 },
            latency: { counts: [2, 1], count: 4, sumSeconds: 7.5 },
          },
        ],
      }),
      labels,
    );
    await metrics.render();
    count = 7n;
    const { text } = await metrics.render();
    for (const series of [
      'events_total{vector="kcore",outcome="denied"} 7',
      'enforcement_mode{mode="enforce"} 1',
      'enforcement_mode{mode="detect"} 0',
      'form{form="lsm"} 1',
      'form{form="fmod_ret"} 0',
      'door_proved{door="bpf"} 1',
      "unsound_doors 1",
      "idle_doors 1",
      "door_recursion_misses_total 3",
      'lost_total{reason="ring_full"} 9',
      'sink_delivered_events_total{sink="file"} 4',
      'sink_spool_bytes{sink="file"} 99',
      'sink_retried_events_total{sink="file"} 2',
      'sink_last_success_timestamp_seconds{sink="file"} 5',
      'sink_delivery_seconds_bucket{sink="file",le="0.01"} 2',
      'sink_delivery_seconds_bucket{sink="file",le="1"} 3',
      'sink_delivery_seconds_bucket{sink="file",le="+Inf"} 4',
      'sink_delivery_seconds_sum{sink="file"} 7.5',
      'sink_delivery_seconds_count{sink="file"} 4',
      'sink_dropped_events_total{sink="file",reason="queue_full"} 5',
      "secrets 3",
      'unscanned_total{reason="beyond"} 2',
      'build_info{version="0.1.0",libbpf="1.1",node="v20"} 1',
    ]) {
      expect(text).toContain(`cloudtaser_${series}\n`);
    }
    expect(text).toContain("process_resident_memory_bytes");
    expect(text).not.toContain("nodejs_gc_");
  });

  it("keeps the last values of a family whose reader fails, counts it, and serves the rest", async () => {
    let broken = false;
    const onReadFailure = vi.fn();
    const metrics = createMetrics(
      readers({
        events: () => {
          if (broken) throw new Error("map is gone");
          return [{ vector: "kcore", outcome: "denied", count: 5n }];
        },
      }),
      labels,
      { onReadFailure, processMetrics: false },
    );
    await metrics.render();
    broken = true;
    const { text } = await metrics.render();
    expect(text).toContain('cloudtaser_events_total{vector="kcore",outcome="denied"} 5\n');
    expect(text).toContain("cloudtaser_protected_processes 0\n");
    // Two families read them.
    expect(text).toContain("cloudtaser_scrape_failures_total 2\n");
    expect(onReadFailure).toHaveBeenCalledWith("cloudtaser_events_total", expect.any(Error));
  });

  it("follows the naming rules, and the list of names is the list of families", async () => {
    const families = await createMetrics(readers(), labels, { processMetrics: false }).describe();
    expect(families.map(({ name }) => name).sort()).toEqual([...metricNames].sort());
    for (const { name, type, help } of families) {
      expect(name).toMatch(/^cloudtaser_[a-z_]+$/);
      expect(name.endsWith("_total")).toBe(type === "counter");
      expect(help).toMatch(/\.$/);
    }
  });

  it("shows the state of evidence, of readiness and of the agent's own events", async () => {
    const text = await render({
      ready: () => false,
      leakWindows: () => 3,
      notices: () => [{ type: "GUARD_SILENCED", count: 2 }],
    });
    for (const series of [
      "ready 0",
      "leak_windows_total 3",
      'notices_total{type="GUARD_SILENCED"} 2',
      'notices_total{type="EVENTS_LOST"} 0',
      "evidence_signed 1",
      "evidence_last_checkpoint_timestamp_seconds 7",
      'evidence_run_before{end="crashed"} 1',
      'evidence_run_before{end="stopped"} 0',
    ]) {
      expect(text).toContain(`cloudtaser_${series}\n`);
    }
  });

  it("gives who accepts OpenMetrics an event of each bucket, and everybody else the same as before", async () => {
    const id = "01890a5d-ac96-774b-bcce-b302099a8057";
    const last = [undefined, undefined, { line: `{"schema":"x","id":"${id}","seq":1}`, seconds: 2.5, at: 5500 }];
    const metrics = createMetrics(
      readers({
        sinks: () => [{ ...quiet, latency: { counts: [0, 0], count: 1, sumSeconds: 2.5, last } }],
        events: () => [{ vector: "kcore", outcome: "denied", count: 5n }],
      }),
      labels,
      { processMetrics: false },
    );
    const before = await metrics.render("text/plain");
    const { text, contentType } = await metrics.render("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
    expect(contentType).toContain("application/openmetrics-text");
    expect(text).toContain(
      `cloudtaser_sink_delivery_seconds_bucket{sink="file",le="+Inf"} 1 # {event_id="${id}"} 2.5 5.5\n`,
    );
    expect(text).toContain("# TYPE cloudtaser_events counter\ncloudtaser_events_total{");
    expect(text).toMatch(/# EOF\n$/);
    expect(before.text).not.toContain(id);
    expect((await metrics.render()).text).toBe(before.text);
  });

  it("can exist twice and leaves the library's global registry alone", async () => {
    expect(await render()).toBe(await render());
    expect(register.getMetricsAsArray()).toEqual([]);
  });

  it("stays within its budget of series for a node", async () => {
    const losses = Object.keys(Loss).filter((name) => name !== "max");
    const drops = Object.fromEntries(dropReasons.map((reason) => [reason, 0]));
    const slow = { counts: latencyBounds.map(() => 0), count: 0, sumSeconds: 0 };
    const { text } = await createMetrics(
      readers({ sinks: () => ["stdout", "file"].map((name) => ({ ...quiet, name, dropped: drops, latency: slow })) }),
      {
        ...labels,
        doors: doorNames,
        losses,
        pipelineDrops: ["abi_mismatch", "unknown_vector", "unknown_outcome", "failed", "malformed"],
        selftestOutcomes,
        latencyBounds,
      },
    ).render();
    const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    expect(series).toBeLessThan(300);
  });
});
