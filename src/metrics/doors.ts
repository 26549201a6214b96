// SPDX-License-Identifier: Apache-2.0
// The state of each door: proved by the canary, sound on this kernel; and the form that all of them are in.

import type { FamilyOptions } from "./family.js";
import type { DoorMetrics, MetricLabels, MetricReaders } from "./readers.js";

export const metricNames = [
  "cloudtaser_form",
  "cloudtaser_door_proved",
  "cloudtaser_unsound_doors",
  "cloudtaser_door_recursion_misses_total",
  "cloudtaser_idle_doors",
] as const;

const forms = ["lsm", "fmod_ret", "signal"];

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
      help: "Doors in that form, attached or idle; one agent has them all in the same.",
      kind: "gauge",
      labels: ["form"],
      known: forms.map((form) => ({ form })),
      *read() {
        const standing = [...readers.doors()].filter(({ attached, idle }) => attached || idle);
        for (const form of forms) yield { labels: { form }, value: standing.filter((one) => one.form === form).length };
      },
    },
    {
      name: metricNames[1],
      help: "1 if the last canary was refused at the door; of an idle door, the last before it went off. -1 if it cannot be tried for want of a capability, which the configuration takes.",
      kind: "gauge",
      ...perDoor(({ proved, untried }) => (untried ? -1 : proved ? 1 : 0)),
    },
    {
      name: metricNames[2],
      help: "Doors that may be skipped, kill after the fact, or cannot be attached; 0 where every one is called each time that it is attached, and refuses.",
      kind: "gauge",
      read: () => [
        { value: [...readers.doors()].filter(({ attached, idle, sound }) => !((attached || idle) && sound)).length },
      ],
    },
    {
      name: metricNames[3],
      help: "Times the kernel skipped a door because it was running already on that CPU: each is an unguarded call. Which door, the event GUARD_SKIPPED and the status say.",
      kind: "counter",
      read: () => [{ value: [...readers.doors()].reduce((sum, { recursionMisses }) => sum + recursionMisses, 0n) }],
    },
    {
      name: metricNames[4],
      help: "Doors that are off because nothing is protected; they attach and are proved before a protection is acknowledged.",
      kind: "gauge",
      read: () => [{ value: [...readers.doors()].filter(({ idle }) => idle).length }],
    },
  ];
}
