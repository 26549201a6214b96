// SPDX-License-Identifier: Apache-2.0
// What becomes of an agent in the course of a year, in minutes: it is killed, restarted, replaced by another build, and
// killed again at any moment of its start.
import { crash, type Moment } from "./crash.js";
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
  longest: { restart: number; upgrade: number };
  objects: Objects;
  /** Crashes in an upgrade, and those of them that left the doors of two generations. */
  crashes: number;
  amidSwap: number;
}

export const courseOf = (siege: Siege, random: () => number): Course => ({
  siege,
  random,
  longest: { restart: 2, upgrade: 6 },
  objects: ownObjects,
  crashes: 0,
  amidSwap: 0,
});

/** Less than it takes from the first new pin to the last old one, guest seconds. */
const swapSeconds = 0.1;
/** So many crashes in an upgrade are aimed at the swap, ever later in it, before one comes at any moment of the start. */
const aimedAtSwap = 3;

const swapped = (objects: Objects): Objects => (objects === ownObjects ? otherObjects : ownObjects);

/** One of the kinds, while everybody attacks. */
export async function round(course: Course, kind: Kind): Promise<void> {
  const { siege } = course;
  await siege.under(kind, async () => {
    const seconds: number[] = [];
    const faults: string[] = [];
    const start = kind === "upgrade" || kind === "crash in an upgrade" ? "upgrade" : "restart";
    if (start === "upgrade") course.objects = swapped(course.objects);
    await siege.endAgent(kind === "kill -9 and start" || kind === "crash in a start" ? "KILL" : "TERM");
    if (kind === "crash in a start") await crash(siege, anyMoment(course, start), course.objects);
    if (kind === "crash in an upgrade") await crashInUpgrade(course);
    faults.push(...(await siege.lookAround()));
    const took = await siege.replaceAgent("none", course.objects);
    course.longest[start] = Math.max(course.longest[start], took);
    seconds.push(took);
    faults.push(...(await siege.lookAround()));
    const note = kind === "crash in an upgrade" ? `${course.amidSwap} of ${course.crashes} left two generations` : "";
    return { seconds, faults, note };
  });
}

const anyMoment = ({ random, longest }: Course, start: keyof Course["longest"]): Moment => ({
  since: "start",
  seconds: random() * longest[start],
});

async function crashInUpgrade(course: Course): Promise<void> {
  const turn = course.crashes % (aimedAtSwap + 1);
  const inSwap: Moment = { since: "swap", seconds: course.random() * swapSeconds * (turn + 1) };
  const hit = await crash(course.siege, turn < aimedAtSwap ? inSwap : anyMoment(course, "upgrade"), course.objects);
  course.crashes++;
  if (hit) course.amidSwap++;
}

/** Crashes in upgrades of which none hit what they are for have tried nothing. */
export const swapFaults = ({ crashes, amidSwap }: Course): string[] =>
  crashes > 0 && amidSwap === 0 ? [`none of ${crashes} crashes in an upgrade left two generations of doors`] : [];
