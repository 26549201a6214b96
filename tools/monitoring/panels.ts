// SPDX-License-Identifier: Apache-2.0
// What the dashboard shows, in its order: loss and the state of the guards first.

export interface Panel {
  title: string;
  description: string;
  type: "stat" | "timeseries" | "table" | "bargauge";
  /** Expression and legend. */
  queries: readonly (readonly [string, string])[];
  unit?: string;
  /** In columns of 24. */
  width: number;
  /** Value from which it is red. */
  red?: number;
  /** Red below 1 instead. */
  mustBeOne?: boolean;
}

export interface Row {
  title: string;
  panels: readonly Panel[];
}

/** Only the agents that are chosen at the top. */
const at = (more = ""): string => `{instance=~"$instance"${more === "" ? "" : `, ${more}`}}`;
const perAgent = "{{instance}}";

export const rows: readonly Row[] = [
  {
    title: "Guards",
    panels: [
      {
        title: "Ready",
        description: "1: every door is proved, and the pods of the node are known.",
        type: "stat",
        queries: [[`cloudtaser_ready${at()}`, perAgent]],
        width: 6,
        mustBeOne: true,
      },
      {
        title: "Doors that are not proved",
        description: "The canary was not refused there.",
        type: "table",
        queries: [[`cloudtaser_door_proved${at()} == 0`, "{{instance}} {{door}}"]],
        width: 6,
      },
      {
        title: "Protected processes",
        description: "In scope now.",
        type: "timeseries",
        queries: [[`cloudtaser_protected_processes${at()}`, perAgent]],
        width: 6,
      },
      {
        title: "Unsound and idle doors",
        description: "May be skipped or act after the fact; off because nothing is protected.",
        type: "timeseries",
        queries: [
          [`cloudtaser_unsound_doors${at()}`, "{{instance}} unsound"],
          [`cloudtaser_idle_doors${at()}`, "{{instance}} idle"],
        ],
        width: 6,
      },
      {
        title: "Calls that no guard saw",
        description: "Doors that the kernel skipped, and guards that were silenced.",
        type: "timeseries",
        queries: [
          [`increase(cloudtaser_door_recursion_misses_total${at()}[$__rate_interval]) > 0`, "{{instance}} skipped"],
          [
            `increase(cloudtaser_notices_total${at('type="GUARD_SILENCED"')}[$__rate_interval])`,
            "{{instance}} silenced",
          ],
        ],
        width: 12,
        red: 1,
      },
      {
        title: "Selftest",
        description: "Vectors by their worst outcome in the last whole selftest.",
        type: "bargauge",
        queries: [[`sum by (outcome) (cloudtaser_selftest_vectors${at()})`, "{{outcome}}"]],
        width: 6,
      },
      {
        title: "Since the last proof",
        description: "Not renewed while the doors are idle.",
        type: "stat",
        queries: [[`time() - cloudtaser_canary_last_success_timestamp_seconds${at()}`, perAgent]],
        unit: "s",
        width: 6,
      },
    ],
  },
  {
    title: "Attacks",
    panels: [
      {
        title: "Attempts by outcome",
        description: "Counted in the kernel: exact whatever becomes of the events.",
        type: "timeseries",
        queries: [[`sum by (outcome) (rate(cloudtaser_events_total${at()}[$__rate_interval]))`, "{{outcome}}"]],
        unit: "ops",
        width: 12,
      },
      {
        title: "Vectors in the time shown",
        description: "Without what the allow list let pass.",
        type: "table",
        queries: [
          [
            `sort_desc(sum by (vector, outcome) (increase(cloudtaser_events_total${at()}[$__range])) > 0)`,
            "{{vector}} {{outcome}}",
          ],
        ],
        width: 6,
      },
      {
        title: "Leak windows",
        description: "Answered after the fact: data may have moved.",
        type: "stat",
        queries: [[`increase(cloudtaser_leak_windows_total${at()}[$__range])`, perAgent]],
        width: 6,
        red: 1,
      },
    ],
  },
  {
    title: "Delivery",
    panels: [
      {
        title: "Lost events",
        description: "In the kernel, on the way, at a sink.",
        type: "timeseries",
        queries: [
          [`increase(cloudtaser_lost_total${at('reason="ring_full"')}[$__rate_interval])`, "{{instance}} ring"],
          [`increase(cloudtaser_pipeline_dropped_total${at()}[$__rate_interval]) > 0`, "{{instance}} {{reason}}"],
          [
            `increase(cloudtaser_sink_dropped_events_total${at()}[$__rate_interval]) > 0`,
            "{{instance}} {{sink}} {{reason}}",
          ],
        ],
        width: 12,
        red: 1,
      },
      {
        title: "Delivered events",
        description: "Acknowledged by the receiver.",
        type: "timeseries",
        queries: [
          [`sum by (sink) (rate(cloudtaser_sink_delivered_events_total${at()}[$__rate_interval]))`, "{{sink}}"],
        ],
        unit: "ops",
        width: 12,
      },
      {
        title: "From kernel to receiver",
        description: "Half, and 99 of 100 events, are there within that time.",
        type: "timeseries",
        queries: [0.5, 0.99].map((share): [string, string] => [
          `histogram_quantile(${share}, sum by (le, sink) (rate(cloudtaser_sink_delivery_seconds_bucket${at()}[$__rate_interval])))`,
          `{{sink}} ${share}`,
        ]),
        unit: "s",
        width: 12,
      },
      {
        title: "Waiting events",
        description: "In memory and in the spool.",
        type: "timeseries",
        queries: [[`cloudtaser_sink_queued_events${at()}`, "{{instance}} {{sink}}"]],
        width: 6,
      },
      {
        title: "Spool",
        description: "Share of what it may hold.",
        type: "timeseries",
        queries: [
          [
            `cloudtaser_sink_spool_bytes${at()} / (cloudtaser_sink_spool_limit_bytes${at()} > 0)`,
            "{{instance}} {{sink}}",
          ],
        ],
        unit: "percentunit",
        width: 6,
        red: 0.8,
      },
      {
        title: "Failed attempts",
        description: "Tried again after each.",
        type: "timeseries",
        queries: [
          [`sum by (sink) (increase(cloudtaser_sink_errors_total${at()}[$__rate_interval]))`, "{{sink}} errors"],
          [
            `sum by (sink) (increase(cloudtaser_sink_retried_events_total${at()}[$__rate_interval]))`,
            "{{sink}} events",
          ],
        ],
        width: 12,
      },
      {
        title: "Since the last checkpoint",
        description: "Lines after it can be cut off without a trace.",
        type: "timeseries",
        queries: [[`time() - cloudtaser_evidence_last_checkpoint_timestamp_seconds${at()}`, perAgent]],
        unit: "s",
        width: 6,
      },
      {
        title: "Evidence",
        description: "1: checkpoints are signed.",
        type: "stat",
        queries: [[`cloudtaser_evidence_signed${at()}`, perAgent]],
        width: 6,
        mustBeOne: true,
      },
    ],
  },
  {
    title: "The agent",
    panels: [
      {
        title: "Resident memory",
        description: "Of the process.",
        type: "timeseries",
        queries: [[`process_resident_memory_bytes${at('job=~"(.*/)?cloudtaser"')}`, perAgent]],
        unit: "bytes",
        width: 8,
      },
      {
        title: "CPU",
        description: "Processors in use.",
        type: "timeseries",
        queries: [[`rate(process_cpu_seconds_total${at('job=~"(.*/)?cloudtaser"')}[$__rate_interval])`, perAgent]],
        width: 8,
      },
      {
        title: "Builds",
        description: "Versions in use.",
        type: "table",
        queries: [
          [
            `count by (version, libbpf, node) (cloudtaser_build_info${at()})`,
            "{{version}}, libbpf {{libbpf}}, Node {{node}}",
          ],
        ],
        width: 8,
      },
    ],
  },
];
