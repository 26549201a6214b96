// SPDX-License-Identifier: Apache-2.0
// An agent of its own for the time of a selftest, in this process: every vector enforced, its socket and pins in places of
// their own. Not beside another agent, nor before guards that one left: each would refuse in place of the other.

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Agent } from "../agent/agent.js";
import { type Config, configSchema } from "../config/schema.js";
import { ControlClient } from "../control/client.js";
import { CloudtaserError } from "../errors/index.js";
import type { Native } from "../kernel/native.js";
import { Pins } from "../kernel/pins.js";
import { createLog } from "../log/index.js";
import { vectorNames } from "../vectors/index.js";

const prefix = "cloudtaser-selftest-";

export interface OwnAgentOptions {
  /** Of the agent that must not be there. */
  client: ControlClient;
  /** Of this node: where its pins would be, its objects, its form. */
  config: Config;
  native: Native;
  note: (text: string) => void;
  signal: AbortSignal;
}

export async function withOwnAgent<Value>(
  { client, config, native, note, signal }: OwnAgentOptions,
  work: (client: ControlClient) => Promise<Value>,
): Promise<Value> {
  await refuseBesideOthers(client, config);
  const bpffs = dirname(config.pinPath);
  removeLeftOver(bpffs);
  const name = `${prefix}${process.pid}`;
  const directory = join("/run", name);
  const pinPath = join(bpffs, name);
  mkdirSync(directory, { mode: 0o700 });
  const own = configOf(config, directory, pinPath);
  const agent = new Agent({
    config: own,
    reloadConfig: () => own,
    configFile: undefined,
    native,
    log: createLog({ level: own.log.level }),
  });
  try {
    note("starting an agent for the test …");
    await agent.start(() => (signal.aborted ? String(signal.reason) : undefined));
    return await work(new ControlClient({ socket: own.control.socket }));
  } finally {
    await agent.stop("detach");
    new Pins(pinPath).removeAll();
    rmSync(directory, { recursive: true, force: true });
  }
}

function configOf(config: Config, directory: string, pinPath: string): Config {
  const vectors = Object.fromEntries(vectorNames.map((name) => [name, { mode: "enforce" }]));
  const own = configSchema.parse({
    mode: "enforce",
    vectors,
    control: { socket: join(directory, "control.sock") },
    // Its lines are in no log: the chain of the node's own agent must not follow on them.
    stateDirectory: directory,
    pinPath,
    health: { listen: "off" },
    events: { stdout: false },
    log: { level: "error" },
    form: config.form,
    ...(config.objectPath === undefined ? {} : { objectPath: config.objectPath }),
    ...(config.objectDigests === undefined ? {} : { objectDigests: config.objectDigests }),
    // They would stay behind.
    preloadModules: [],
  });
  return { ...own, nodeName: config.nodeName };
}

async function refuseBesideOthers(client: ControlClient, config: Config): Promise<void> {
  try {
    const { pid } = await client.status();
    throw new CloudtaserError("AGENT_RUNNING", { target: client.socket, fields: { pid } });
  } catch (error) {
    if (!(error instanceof CloudtaserError) || error.code !== "AGENT_NOT_RUNNING") throw error;
  }
  if (new Pins(config.pinPath).standing) throw new CloudtaserError("GUARDS_STANDING", { target: config.pinPath });
}

/** Guards and directories of a selftest that was killed. */
function removeLeftOver(bpffs: string): void {
  for (const place of ["/run", bpffs]) {
    if (!existsSync(place)) continue;
    for (const name of readdirSync(place)) {
      const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : 0;
      if (!Number.isInteger(pid) || pid < 1 || existsSync(`/proc/${pid}`)) continue;
      if (place === bpffs) new Pins(join(place, name)).removeAll();
      rmSync(join(place, name), { recursive: true, force: true });
    }
  }
}
