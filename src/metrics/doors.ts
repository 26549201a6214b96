// SPDX-License-Identifier: Apache-2.0
// The state of each door: attached in which form, proved by the canary, sound on this kernel.

import type { FamilyOptions } from "./family.js";
import type { DoorMetrics, MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_door_attached",
  "cloudtaser_door_idle",
  "cloudtaser_door_proved",
  "cloudtaser_door_sound",
  "cloudtaser_door_recursion_misses_total",
] as const;

const forms = ["lsm", "fmod_ret"];

export function doorFamilies(readers: MetricReaders, { doors }: MetricLabels): FamilyOptions[] {
  const known = doors.map((door) => ({ door }));
  const perDoor = (value: (state: DoorMetrics) => number | bigint) => ({
    labels: ["door"],
    known,
    *read() {
      for (const state of readers.doors()) yield { labels: { door: state.door }, value: value(state) };
    },
  });
  return [
    {
      name: metricNames[0],
      help: "1 if the door is attached in that form.",
      kind: "gauge",
      labels: ["door", "form"],
      known: doors.flatMap((door) => forms.map((form) => ({ door, form }))),
      *read() {
        for (const { door, form, attached } of readers.doors()) {
          if (form !== undefined) yield { labels: { door, form }, value: attached ? 1 : 0 };
        }
      },
    },
    {
      name: metricNames[1],
      help: "1 if the door is off because nothing is protected; it attaches and is proved before a protection is acknowledged.",
      kind: "gauge",
      ...perDoor(({ idle }) => (idle ? 1 : 0)),
    },
    {
      name: metricNames[2],
      help: "1 if the last canary was refused at the door; of an idle door, the last before it went off.",
      kind: "gauge",
      ...perDoor(({ proved }) => (proved ? 1 : 0)),
    },
    {
      name: metricNames[3],
      help: "1 if the kernel calls the door every time that it is attached; 0 if it may be skipped or cannot be attached.",
      kind: "gauge",
      ...perDoor(({ attached, idle, sound }) => ((attached || idle) && sound ? 1 : 0)),
    },
    {
      name: metricNames[4],
      help: "Times the kernel skipped the door because it was running already on that CPU: each is an unguarded call.",
      kind: "counter",
      ...perDoor(({ recursionMisses }) => recursionMisses),
    },
  ];
}
