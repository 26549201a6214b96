// SPDX-License-Identifier: Apache-2.0
// What happens to machines: the agent stopped, frozen or out of memory; too many of everything; disks full, processors
// taken away, clocks set. Nobody gets through meanwhile, every refusal is counted, and afterwards the agent answers.
import { crowdOf, forkBomb } from "./crowds.js";
import type { Siege } from "./siege.js";

export interface Fault {
  name: string;
  happen: (siege: Siege, size: FaultSize) => Promise<{ seconds?: number[]; note?: string; faults?: string[] }>;
}

export interface FaultSize {
  /** Attackers beside those that loop. */
  crowd: number;
  /** How long a state lasts, guest seconds. */
  seconds: number;
  /** Also fill the table of who is protected. */
  bomb: boolean;
}

const group = "/sys/fs/cgroup/cloudtaser/a";
const small = "/run/small";
const spool = "/var/lib/cloudtaser/spool";

/** Losses that the kernel counted so far, by reason. */
async function lossesOf(siege: Siege): Promise<Record<string, number>> {
  const status = JSON.parse((await siege.field.control("GET", "/v1/status")).stdout) as {
    losses: Record<string, string>;
  };
  return Object.fromEntries(Object.entries(status.losses).map(([reason, count]) => [reason, Number(count)]));
}

async function outOfMemory(siege: Siege): Promise<{ seconds: number[]; faults: string[] }> {
  const before = Number(await siege.works(`sed -n 's/^oom_kill //p' ${group}/memory.events`));
  const ended = siege.field.agent?.done;
  await siege.works(`echo 8M > ${group}/memory.max`);
  await ended;
  const killed = Number(await siege.works(`sed -n 's/^oom_kill //p' ${group}/memory.events`)) - before;
  await siege.works(`echo max > ${group}/memory.max`);
  const faults = await siege.lookAround();
  if (killed === 0) faults.push("nobody was killed for want of memory");
  return { seconds: [await siege.replaceAgent("none")], faults };
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

async function fullDisks(siege: Siege, { seconds }: FaultSize): Promise<{ note: string; faults: string[] }> {
  await siege.works(
    `mkdir -p ${small} ${spool}; for d in ${small} ${spool}; do mount -t tmpfs -o size=32k none $d; done`,
  );
  siege.configure({
    sinks: [
      { name: "small", file: { path: `${small}/log` } },
      { name: "late", http: { url: "http://127.0.0.1:8181/in", protocol: "webhook" } },
    ],
    events: { stdout: false, file: { path: `${small}/events` } },
  });
  await siege.replaceAgent("TERM");
  const { made } = await crowdOf(siege, 400, 1);
  await siege.works(`sleep ${seconds}`);
  const status = (await siege.field.control("GET", "/v1/status")).stdout;
  const full = (JSON.parse(status) as { sinks: { lastError: string | null }[] }).sinks.filter(({ lastError }) =>
    /ENOSPC/.test(lastError ?? ""),
  );
  siege.configure({});
  await siege.replaceAgent("TERM");
  await siege.works(`umount ${small} ${spool}`);
  return {
    note: `${made} more attackers, ${full.length} sinks on full disks`,
    faults: full.length > 0 ? [] : ["no disk was full"],
  };
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
      await siege.works(`echo 1 > ${group}/cgroup.freeze; sleep ${seconds}; grep -q 'frozen 1' ${group}/cgroup.events`);
      const found = await siege.lookAround();
      await siege.works(`echo 0 > ${group}/cgroup.freeze`);
      return { faults: found };
    },
  },
  { name: "memory limit, OOM kill", happen: outOfMemory },
  {
    name: "many attackers",
    happen: async (siege, { crowd }) => {
      const { made } = await crowdOf(siege, crowd, 1);
      return { note: `${made} more attackers`, faults: made < crowd ? [`only ${made} of ${crowd} attackers`] : [] };
    },
  },
  { name: "full ring", happen: fullRing },
  { name: "fork bomb", happen: async (siege, { bomb }) => (bomb ? forkBomb(siege) : { note: "left out" }) },
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
      await siege.works(`for i in 1 2; do echo 0 > ${online}; sleep ${seconds}; echo 1 > ${online}; sleep 1; done`);
      return {};
    },
  },
  {
    name: "clock set",
    happen: async (siege, { seconds }) => {
      await siege.works(`for by in '+1 day' '-2 days' '+1 day'; do date -s "$by" > /dev/null; sleep ${seconds}; done`);
      return {};
    },
  },
];
