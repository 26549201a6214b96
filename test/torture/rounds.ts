// SPDX-License-Identifier: Apache-2.0
// What becomes of an agent in the course of a year, in minutes: it is killed, restarted, replaced by another build, and
// killed again at any moment of its start.
import { type Objects, otherObjects, ownObjects } from "./objects.js";
import type { Siege } from "./siege.js";

export const kinds = [
  "kill -9 and start",
  "stop (leave) and start",
  "upgrade",
  "crash in a start",
  "crash in an upgrade",
] as const;
export type Kind = (typeof kinds)[number];

interface Course {
  siege: Siege;
  random: () => number;
  /** How long a start took at most so far, guest seconds: crashes are spread over as much. */
  longestStart: number;
  objects: Objects;
}

export const courseOf = (siege: Siege, random: () => number): Course => ({
  siege,
  random,
  longestStart: 6,
  objects: ownObjects,
});

const swapped = (objects: Objects): Objects => (objects === ownObjects ? otherObjects : ownObjects);

/** One of the kinds, while everybody attacks. */
export async function round(course: Course, kind: Kind): Promise<void> {
  const { siege } = course;
  await siege.under(kind, async () => {
    const seconds: number[] = [];
    const faults: string[] = [];
    if (kind === "upgrade" || kind === "crash in an upgrade") course.objects = swapped(course.objects);
    await siege.endAgent(kind === "kill -9 and start" || kind === "crash in a start" ? "KILL" : "TERM");
    if (kind === "crash in a start" || kind === "crash in an upgrade")
      await siege.crashAfter(course.random() * course.longestStart, course.objects);
    faults.push(...(await siege.lookAround()));
    const took = await siege.replaceAgent("none", course.objects);
    course.longestStart = Math.max(course.longestStart, took);
    seconds.push(took);
    faults.push(...(await siege.lookAround()));
    return { seconds, faults };
  });
}
