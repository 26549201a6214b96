// SPDX-License-Identifier: Apache-2.0
// What happens to machines: the agent stopped, frozen or out of memory; too many of everything; disks full, processors
// taken away, clocks set. Nobody gets through meanwhile, every refusal is counted, and afterwards the agent answers.

import { ask } from "../matrix/field.js";
import { nextLine } from "../matrix/next-line.js";
import { crowdOf, forkBomb } from "./crowds.js";
import { agentGroup, type Outcome, type Siege } from "./siege.js";

export interface Fault {
  name: string;
  happen: (siege: Siege, size: FaultSize) => Promise<Outcome>;
}

export interface FaultSize {
  /** Attackers beside those that loop. */
  crowd: number;
  /** How long a state lasts, guest seconds. */
  seconds: number;
}

const small = "/run/small";

/** Losses that the kernel counted so far, by reason. */
async function lossesOf(siege: Siege): Promise<Record<string, number>> {
  const status = JSON.parse((await siege.field.control("GET", "/v1/status")).stdout) as {
    losses: Record<string, string>;
  };
  return Object.fromEntries(Object.entries(status.losses).map(([reason, count]) => [reason, Number(count)]));
}

const forks = 300;
const [EAGAIN, ENOMEM] = [11, 12];

/** While the maps of the doors, which are charged to that group, can have nothing more: a child is protected or is none. */
async function forksWithoutRoom(siege: Siege): Promise<{ note: string; faults: string[] }> {
  const { children, refused, errno } = await siege.field.tell<{ children: number[]; refused: number; errno: number }>(
    siege.victim,
    `forks ${forks}`,
  );
  const found = refused === 0 || errno === EAGAIN || errno === ENOMEM ? [] : [`a fork failed with ${errno}`];
  for (const pid of children) found.push(...(await siege.probe(pid)));
  await siege.field.tell(siege.victim, "end");
  return { note: `${children.length} children protected, ${refused} forks refused (${errno})`, faults: found };
}

async function outOfMemory(siege: Siege): Promise<Outcome> {
  const before = Number(await siege.works(`sed -n 's/^oom_kill //p' ${agentGroup}/memory.events`));
  const ended = siege.field.agent?.done;
  await siege.works(`echo 8M > ${agentGroup}/memory.max`);
  await ended;
  const killed = Number(await siege.works(`sed -n 's/^oom_kill //p' ${agentGroup}/memory.events`)) - before;
  // What the maps have is more than that.
  await siege.works(`echo 0 > ${agentGroup}/memory.max`);
  const without = await forksWithoutRoom(siege);
  await siege.works(`echo max > ${agentGroup}/memory.max`);
  const found = [...without.faults, ...(await siege.lookAround())];
  if (killed === 0) found.push("nobody was killed for want of memory");
  return { seconds: [await siege.replaceAgent("none")], note: without.note, faults: found };
}

const SIGABRT = 6;

/** Node ends itself when the kernel gives it no memory. */
async function panic(siege: Siege): Promise<Outcome> {
  const { agentPid, agent } = siege.field;
  await siege.works(
    `prlimit --pid ${agentPid} --as=1; while [ -e /proc/${agentPid}/exe ]; do ${ask} GET /v1/vectors > /dev/null; done; true`,
  );
  const { status } = (await agent?.done) ?? { status: 0 };
  const found = status === 128 + SIGABRT ? [] : [`the agent ended with ${status}`];
  found.push(...(await siege.lookAround()));
  const said = /^.*(?:FATAL|memory).*$/m.exec(agent?.stderr ?? "")?.[0] ?? "";
  return { seconds: [await siege.replaceAgent("none")], note: said, faults: found };
}

async function fullRing(siege: Siege, { crowd }: FaultSize): Promise<{ note: string; faults: string[] }> {
  const before = await lossesOf(siege);
  await siege.works(`kill -STOP ${siege.field.agentPid}`);
  const { made } = await crowdOf(siege, crowd, 1);
  await siege.works(`kill -CONT ${siege.field.agentPid}`);
  const after = await lossesOf(siege);
  const lost = (after["ring_full"] ?? 0) - (before["ring_full"] ?? 0);
  const faults = lost > 0 ? [] : ["the ring was never full"];
  return { note: `${made} more attackers; ${lost} events lost, counted`, faults };
}

const state = "/var/lib/cloudtaser";
const beside = "/run/cloudtaser";
const disks = [small, state, beside];

/** What lies there stays there, and takes the room that it needs; then there is none. */
const smallDisks = `set -e
  for d in ${disks.join(" ")}; do
    mkdir -p $d; mkdir /run/kept; cp -a $d/. /run/kept; mount -t tmpfs -o size=160k none $d
    cp -a /run/kept/. $d; rm -rf /run/kept
  done`;
const fill = `for d in ${disks.join(" ")}; do cat /dev/zero >> $d/fill 2>/dev/null; done; true`;
/** The agent has its socket and its state there by now: they stay, with room. */
const makeRoom = `rm ${disks.map((one) => `${one}/fill`).join(" ")}; for d in ${disks.join(" ")}; do mount -o remount,size=64m $d; done`;

interface SinkState {
  name: string;
  queued: number;
  lastError: string | null;
}

/** Names of sinks that keep on disk all that waits: nothing was refused to them for want of room. */
async function withRoom(siege: Siege): Promise<string[]> {
  const { sinks } = JSON.parse((await siege.field.control("GET", "/v1/status")).stdout) as { sinks: SinkState[] };
  const found: string[] = [];
  for (const { name, queued, lastError } of sinks) {
    if (/ENOSPC/.test(lastError ?? "")) continue;
    // What a receiver says may be the last error all the same: then more waits than there is on disk.
    const kept = Number(await siege.works(`cat ${state}/spool/${name}/*.ndjson 2>/dev/null | wc -l`));
    if (kept === 0 || queued <= kept) found.push(name);
  }
  return found;
}

async function fillUp(siege: Siege, when: string): Promise<string[]> {
  await siege.works(fill);
  await crowdOf(siege, 400, 1);
  let left = await withRoom(siege);
  for (let tries = 0; left.length > 0 && tries < 20; tries++) {
    await siege.works("sleep 2");
    left = await withRoom(siege);
  }
  return left.map((name) => `${when}, ${name} has room`);
}

async function fullDisks(siege: Siege, { seconds }: FaultSize): Promise<Outcome> {
  await siege.endAgent("TERM");
  await siege.works(smallDisks);
  siege.configure({
    sinks: [
      { name: "small", file: { path: `${small}/log` } },
      { name: "late", http: { url: "http://127.0.0.1:8181/in", protocol: "webhook" } },
      { name: "deaf", syslog: { host: "127.0.0.1", port: 8182, transport: "tcp" } },
    ],
    events: { stdout: false, file: { path: `${small}/events` } },
  });
  const started = [await siege.replaceAgent("none")];
  const found = await fillUp(siege, "full under an agent");
  await siege.works(`sleep ${seconds}`);
  await siege.endAgent("KILL");
  found.push(...(await siege.lookAround()));
  started.push(await siege.replaceAgent("none"));
  found.push(...(await fillUp(siege, "full at the start")), ...(await siege.lookAround()));
  await siege.works(makeRoom);
  siege.configure({});
  await siege.reload();
  return { seconds: started, note: "4 sinks, state and names on full disks", faults: found };
}

/** Prints the longest time between two looks at the clock, once it is told to end. */
const longestInstant = `import select, sys, time
print("ready", flush=True)
longest, last = 0, time.monotonic()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    now = time.monotonic()
    longest, last = max(longest, now - last), now
print(longest, flush=True)`;

/** As a hypervisor does that moves a machine, or takes a snapshot. */
async function suspended(siege: Siege, { seconds }: FaultSize): Promise<Outcome> {
  const { guest } = siege.field;
  const watch = guest.spawn(["python3", "-c", longestInstant]);
  await nextLine(watch, 0, 120_000);
  for (let n = 0; n < 2; n++) {
    await guest.suspend(seconds);
    await siege.works("sleep 1");
  }
  watch.write("\n");
  const longest = Number(await nextLine(watch, 1, 120_000));
  const found = await siege.lookAround();
  if (!(longest > seconds / 2)) found.push(`the guest was not suspended: it missed ${longest} s at most`);
  return { note: `twice, ${longest.toFixed(1)} s at most`, faults: found };
}

export const faults: readonly Fault[] = [
  {
    name: "agent stopped (SIGSTOP)",
    happen: async (siege, { seconds }) => {
      await siege.works(`kill -STOP ${siege.field.agentPid}; sleep ${seconds}`);
      const found = await siege.lookAround();
      await siege.works(`kill -CONT ${siege.field.agentPid}`);
      return { faults: found };
    },
  },
  {
    name: "control group frozen",
    happen: async (siege, { seconds }) => {
      await siege.works(
        `echo 1 > ${agentGroup}/cgroup.freeze; sleep ${seconds}; grep -q 'frozen 1' ${agentGroup}/cgroup.events`,
      );
      const found = await siege.lookAround();
      await siege.works(`echo 0 > ${agentGroup}/cgroup.freeze`);
      return { faults: found };
    },
  },
  { name: "memory limit, OOM kill", happen: outOfMemory },
  { name: "Node panics", happen: panic },
  {
    name: "many attackers",
    happen: async (siege, { crowd }) => {
      const { made } = await crowdOf(siege, crowd, 1);
      return { note: `${made} more attackers`, faults: made < crowd ? [`only ${made} of ${crowd} attackers`] : [] };
    },
  },
  { name: "full ring", happen: fullRing },
  { name: "fork bomb", happen: forkBomb },
  {
    name: "control group churn",
    happen: async (siege, { seconds }) => {
      const made = await siege.works(
        `cd /sys/fs/cgroup; end=$(($(date +%s) + ${seconds})); n=0
         while [ $(date +%s) -lt $end ]; do
           mkdir churn$n; sleep 5 & echo $! > churn$n/cgroup.procs; kill -9 $!; wait $! 2>/dev/null
           rmdir churn$n 2>/dev/null || { sleep 0.1; rmdir churn$n; }; n=$((n + 1))
         done; echo $n`,
      );
      return { note: `${made} groups`, faults: Number(made) > 0 ? [] : ["no group was made"] };
    },
  },
  { name: "full disks", happen: fullDisks },
  {
    name: "processor unplugged",
    happen: async (siege, { seconds }) => {
      const online = "/sys/devices/system/cpu/cpu1/online";
      const seen = await siege.works(
        `set -e; for i in 1 2; do
           echo 0 > ${online}; sleep ${seconds}; cat /sys/devices/system/cpu/online; echo 1 > ${online}; sleep 1
         done; cat /sys/devices/system/cpu/online`,
      );
      const states = seen.split("\n").join(", then ");
      return { note: `online: ${states}`, faults: states === "0, then 0, then 0-1" ? [] : [`online: ${states}`] };
    },
  },
  {
    name: "clock set",
    happen: async (siege, { seconds }) => {
      const days = await siege.works(
        `set -e; start=$(date +%s); for by in '+1 day' '-2 days' '+1 day'; do
           date -s "$by" > /dev/null; sleep ${seconds}; echo $(($(date +%s) - start))
         done`,
      );
      const seen = days
        .split("\n")
        .map((off) => Math.floor(Number(off) / 86_400))
        .join(", ");
      return { note: `days off: ${seen}`, faults: seen === "1, -1, 0" ? [] : [`days off: ${seen}`] };
    },
  },
  { name: "guest suspended", happen: suspended },
];
