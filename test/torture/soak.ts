// SPDX-License-Identifier: Apache-2.0
// A long time of attacks and of processes that come and go: the agent's memory stays what it was, and every refused attempt
// is in an event, or counted as lost.
import type { Siege } from "./siege.js";

const file = "/run/soak.ndjson";
/** Of the first third of the samples to the last. */
const flat = 0.02;

const churn = `cd /sys/fs/cgroup
  while [ ! -e /run/soak.end ]; do
    for i in 1 2 3 4; do sleep 0.1 & done; wait
    mkdir soak; sleep 5 & echo $! > soak/cgroup.procs; kill -9 $!; wait $! 2>/dev/null; sleep 0.1; rmdir soak
    sleep 0.5
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

export async function soak(siege: Siege, seconds: number): Promise<void> {
  const { field } = siege;
  // V8 compiles what is hot, and the code that it adds for hours on an emulated machine would hide a leak of its size.
  siege.nodeOptions = "--jitless";
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
      const churning = field.guest.spawn(churn);
      const sampled = await siege.works(
        `end=$(($(date +%s) + ${seconds})); while [ $(date +%s) -lt $end ]; do sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/${field.agentPid}/status; sleep 2; done`,
        seconds * 4 + 600,
      );
      samples.push(...sampled.split("\n").map(Number));
      await siege.works("touch /run/soak.end");
      await churning.done;
      return {};
    },
    others,
  );
  siege.nodeOptions = "";
  const third = Math.floor(samples.length / 3);
  const first = mean(samples.slice(0, third));
  const last = mean(samples.slice(-third));
  const growth = last / first - 1;
  if (!(Math.abs(growth) <= flat))
    row.faults.push(`memory ${first.toFixed(0)} kB in the first third, ${last.toFixed(0)} in the last`);
  const missing = (await lost(siege)) - lostBefore;
  const seen = await told(siege, row.refused - missing);
  if (seen + missing !== row.refused) row.faults.push(`${seen} in events and ${missing} lost, of ${row.refused}`);
  const strangers = total(strange) > 0 ? `; refused to others: ${JSON.stringify(strange)}` : "";
  row.note = `${first.toFixed(0)} kB, then ${last.toFixed(0)} (${(growth * 100).toFixed(2)} %); ${seen} in events, ${missing} lost${strangers}`;
}

/** What events tell of the attackers, once they tell of enough, or after a while. */
async function told(siege: Siege, enough: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const seen = total((await toldOf(siege)).ours);
    if (seen >= enough || tries >= 30) return seen;
    await siege.works("sleep 1");
  }
}
