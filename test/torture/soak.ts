// SPDX-License-Identifier: Apache-2.0
// A long time of attacks and of processes that come and go: the agent's memory stays what it was, and every refused attempt
// is in an event, or counted as lost.
import type { Outcome, Siege } from "./siege.js";

const file = "/run/soak.ndjson";
/** Of the first third of the samples to the last. */
const flat = 0.02;
/** A third of fewer says nothing. */
const fewest = 36;

/** How long, and how busy: times are the guest's. */
export interface SoakSize {
  seconds: number;
  /** Of each attacker after each attempt, microseconds. */
  rest: number;
  /** Between two turns of processes and control groups that come and go, seconds. */
  pause: number;
  /** Between two looks at the agent's memory, seconds. */
  apart: number;
  /** From the start of the agent on, seconds: memory before that is not compared. */
  settling: number;
  nodeOptions: string;
}

/** V8 compiles what is hot, later also what is not, and the code that it adds for hours would hide a leak of its size. */
const withoutCompiler = "--jitless";

/** Before V8 has looked through its whole heap twice, which the agent has it do once a minute, memory is not what it will be. */
export const fullSpeed = (seconds: number): SoakSize => ({
  seconds,
  rest: 0,
  pause: 0.5,
  apart: 5,
  settling: 120,
  nodeOptions: withoutCompiler,
});

/** As on a node: two attempts a second, now and then something that comes and goes. */
export const ordinaryLife = (seconds: number): SoakSize => ({
  seconds,
  rest: 1_000_000,
  pause: 10,
  apart: 10,
  settling: 600,
  nodeOptions: withoutCompiler,
});

const churn = (pause: number): string => `cd /sys/fs/cgroup
  while [ ! -e /run/soak.end ]; do
    for i in 1 2 3 4; do sleep 0.1 & done; wait
    mkdir soak; sleep 5 & echo $! > soak/cgroup.procs; kill -9 $!; wait $! 2>/dev/null; sleep 0.1; rmdir soak
    sleep ${pause}
  done`;

/**
 * Denials by vector: of the attackers, and of anybody else (a kernel that looks for a module, say). Whose first event was
 * lost with a full ring has no name in its counts: so many are the attackers.
 */
const sum = `python3 -c "
import json, collections
ours, others = collections.Counter(), collections.Counter()
for line in open('${file}'):
    e = json.loads(line)
    if e['vector'] and e['outcome'] == 'denied':
        attacks = (e.get('offender') or {}).get('comm') in ('torture', '')
        (ours if attacks else others)[e['vector']] += e['count']
print(json.dumps({'ours': ours, 'others': others}))"`;

type Counts = Record<string, number>;

async function toldOf(siege: Siege): Promise<{ ours: Counts; others: Counts }> {
  return JSON.parse(await siege.works(sum)) as { ours: Counts; others: Counts };
}

const total = (counts: Counts): number => Object.values(counts).reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

async function lost(siege: Siege): Promise<number> {
  const status = JSON.parse((await siege.field.control("GET", "/v1/status")).stdout) as {
    losses: { ring_full?: string };
  };
  return Number(status.losses.ring_full ?? 0);
}

export async function soak(siege: Siege, size: SoakSize): Promise<void> {
  const { field } = siege;
  siege.nodeOptions = size.nodeOptions;
  siege.rest = size.rest;
  siege.configure({ events: { stdout: false, file: { path: file } } });
  // Nobody attacks while it starts: all that is refused from here on is told by this agent.
  await siege.replaceAgent("TERM");
  // The one before has reloaded the configuration too, and told there what it still had to tell.
  await siege.works(`rm -f /run/soak.end; : > ${file}`);
  const lostBefore = await lost(siege);
  const samples: number[] = [];
  let strange: Counts = {};
  const others = async (): Promise<Counts> => {
    await siege.works("sleep 3");
    strange = (await toldOf(siege)).others;
    return strange;
  };
  const row = await siege.under(
    "soak",
    async () => {
      const churning = field.guest.spawn(churn(size.pause));
      const sampled = await siege.works(
        `end=$(($(date +%s) + ${size.seconds})); while [ $(date +%s) -lt $end ]; do sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/${field.agentPid}/status; sleep ${size.apart}; done`,
        size.seconds * 4 + 600,
      );
      samples.push(...sampled.split("\n").map(Number));
      await siege.works("touch /run/soak.end");
      await churning.done;
      return {};
    },
    others,
  );
  siege.nodeOptions = "";
  siege.rest = 0;
  const memory = memoryOf(samples.slice(Math.ceil(size.settling / size.apart)));
  row.faults.push(...(memory.faults ?? []));
  const missing = (await lost(siege)) - lostBefore;
  const seen = await told(siege, row.refused - missing);
  if (seen + missing !== row.refused) row.faults.push(`${seen} in events and ${missing} lost, of ${row.refused}`);
  const strangers = total(strange) > 0 ? `; refused to others: ${JSON.stringify(strange)}` : "";
  row.note = `${memory.note}; ${seen} in events, ${missing} lost${strangers}`;
}

/** @param samples resident kB of an agent that has settled */
function memoryOf(samples: readonly number[]): Outcome {
  if (samples.length < fewest) return { note: "too short to say anything of memory" };
  const third = Math.floor(samples.length / 3);
  const [first = 0, second = 0, last = 0] = [0, 1, 2].map((n) => mean(samples.slice(n * third, (n + 1) * third)));
  const growth = last / first - 1;
  const thirds = [first, second, last].map((kilobytes) => kilobytes.toFixed(0)).join(", ");
  const note = `${thirds} kB (${(growth * 100).toFixed(2)} %)`;
  return { note, faults: Math.abs(growth) <= flat ? [] : [`memory: ${note}`] };
}

/** What events tell of the attackers, once they tell of enough, or after a while. */
async function told(siege: Siege, enough: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const seen = total((await toldOf(siege)).ours);
    if (seen >= enough || tries >= 30) return seen;
    await siege.works("sleep 1");
  }
}
