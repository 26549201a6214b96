// SPDX-License-Identifier: Apache-2.0
// An agent that is killed amid its start: at any moment of it, or while the doors of two generations are pinned.
import type { Objects } from "./objects.js";
import { agentGroup, type Siege } from "./siege.js";

export interface Moment {
  /** From when on the seconds count: since the agent was started, or since a second generation of doors is there. */
  since: "start" | "swap";
  seconds: number;
}

/** Prints what the agent ended with, and how many generations of doors it left, whole or not. */
const script = `import json, os, subprocess, sys, time
since, seconds = sys.argv[1], float(sys.argv[2])
pins = "/sys/fs/bpf/cloudtaser"
def enter():
    with open("${agentGroup}/cgroup.procs", "w") as procs: procs.write("0")
def generations(): return sum(name.startswith("doors-") for name in os.listdir(pins))
before = generations()
with open("/run/crash.log", "w") as log:
    agent = subprocess.Popen(["cloudtaser", "agent", "--config", "/run/cloudtaser.yaml"], stdout=log, stderr=log, preexec_fn=enter)
while since == "swap" and generations() <= before and agent.poll() is None: time.sleep(0.001)
time.sleep(seconds)
agent.kill()
print(json.dumps({"status": agent.wait(), "before": before, "generations": generations()}))`;

/** Starts an agent and kills it at that moment, whatever it does then. True: it left the doors of two generations. */
export async function crash(siege: Siege, { since, seconds }: Moment, objects?: Objects): Promise<boolean> {
  await siege.writeConfig(objects);
  const command = `python3 -c '${script}' ${since} ${seconds.toFixed(4)}`;
  const said = JSON.parse(await siege.works(command)) as { status: number; before: number; generations: number };
  if (said.status !== -9) {
    throw new Error(`the agent ended by itself (${said.status}): ${await siege.works("tail -c 2000 /run/crash.log")}`);
  }
  return said.generations > 1;
}
