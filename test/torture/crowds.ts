// SPDX-License-Identifier: Apache-2.0
// Too many processes: of attackers, and of a protected one that forks until it has its half of the table of who is protected.
import { scopeLimit } from "../../src/kernel/paths.js";
import { Attackers, type Siege } from "./siege.js";

/** Of the places in `scope` (bpf/scope.h) one workload gets half. */
const scopeSize = scopeLimit;
const EAGAIN = 11;

interface Gathered {
  made: number;
  errno: number;
  last: number;
}

const room = "echo 200000 > /proc/sys/kernel/pid_max; echo 200000 > /proc/sys/kernel/threads-max";

/** Beside those that loop: each makes that many attempts by each road, all at once. */
export async function crowdOf(siege: Siege, count: number, rounds: number): Promise<{ made: number }> {
  await siege.works(room);
  const { made } = await siege.attackers.tell<Gathered>(`gather ${count} ${rounds}`);
  const { ended } = await siege.attackers.tell<{ ended: number }>("release");
  if (ended !== made) throw new Error(`of ${made} attackers, ${ended} came to their end`);
  return { made };
}

/** The fork that finds no room is refused, those before it are protected, and so are those that were there. */
export async function forkBomb(siege: Siege): Promise<{ note: string; faults: string[] }> {
  const { field } = siege;
  await siege.works(room);
  const bomb = await Attackers.start(field.guest, 1, siege.neighbour);
  const { stdout } = await field.sh("pgrep -o -f 'torture 1 '");
  await field.protect(Number(stdout), "bomb");
  const { made, errno, last } = await bomb.tell<Gathered>(`gather ${scopeSize + 100} 0`);
  const faults: string[] = [];
  if (made >= scopeSize / 2 || errno !== EAGAIN) faults.push(`${made} forks, then errno ${errno}`);
  const whileFull = await field.tell(siege.victim, "fork");
  if (!(whileFull.childPid > 0)) faults.push("another workload has no place left");
  for (const pid of [last, siege.victim.pid, whileFull.childPid]) faults.push(...(await siege.probe(pid)));
  await bomb.tell("release");
  bomb.command.kill("SIGKILL");
  await bomb.command.done;
  const { childPid } = await field.tell(siege.victim, "fork");
  if (!(childPid > 0)) faults.push("once the bomb is gone there is still no room");
  return { note: `${made} forks, then EAGAIN`, faults };
}
