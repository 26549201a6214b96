// SPDX-License-Identifier: Apache-2.0
// The agent in the guest: started, made to protect the service, its events read, its metrics fetched.

import type { CloudtaserEvent } from "../../src/formats/index.js";
import type { Guest } from "../lab/guest.js";
import { fetchInGuest, type Payments } from "./payments.js";

const eventFile = "/var/log/cloudtaser-events.json";
const configFile = "/etc/cloudtaser.yaml";
export const listening = "127.0.0.1:9090";
const address = `http://${listening}`;
const config = `# The whole configuration of the demo.
mode: enforce
events:
  stdout: false
  file:
    path: ${eventFile}
`;

export interface Agent {
  /** Events written so far, oldest first. */
  events(): Promise<CloudtaserEvent[]>;
  /** Lines of /metrics that count something. */
  metrics(): Promise<string[]>;
  /** With what the log is verified; asked for while the agent runs, as somebody would who keeps it elsewhere. */
  publicKey(): Promise<string>;
  stop(): Promise<number>;
}

export interface Verified {
  status: number;
  words: string;
}

/** Needs no agent. */
export async function verifyLog(guest: Guest, publicKey: string): Promise<Verified> {
  const { status, stdout, stderr } = await guest.run(["cloudtaser", "verify", eventFile, "--key", publicKey]);
  return { status, words: `${stdout}${stderr}`.trimEnd() };
}

/** Returns when the agent is ready and the process is protected; throws with the agent's own words if it does not come to that. */
export async function startAgent(
  guest: Guest,
  { pid, workload }: Pick<Payments, "pid" | "workload">,
  print: (text: string) => void,
): Promise<Agent> {
  await guest.writeFile(configFile, config);
  const started = performance.now();
  const daemon = guest.spawn(["cloudtaser", "agent", "--config", configFile]);
  const ready = await Promise.race([
    fetchInGuest(guest, `${address}/readyz`, 90).then(({ status, stderr }) => (status === 0 ? "" : stderr)),
    daemon.done.then(({ status }) => `it ended with status ${status}`),
  ]);
  if (ready !== "") throw new Error(`the agent is not ready: ${ready}\n${tail(daemon.stderr)}`);
  print(`the agent is ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);

  const protect = await guest.run(["cloudtaser", "protect", String(pid), "--name", workload]);
  if (protect.status !== 0) throw new Error(`cloudtaser protect ${pid} failed: ${protect.stdout}${protect.stderr}`);
  print(protect.stdout.trim() || `process ${pid} is protected`);

  const events = async (): Promise<CloudtaserEvent[]> => {
    const { stdout } = await guest.run(["cat", eventFile]);
    // The last line may still be in the writing.
    const lines = stdout.slice(0, stdout.lastIndexOf("\n") + 1).split("\n");
    return lines
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as CloudtaserEvent)
      .filter(({ vector }) => vector !== null); // what the agent says of itself is no attack
  };
  return {
    events,
    async metrics() {
      const { stdout } = await fetchInGuest(guest, `${address}/metrics`, 10);
      return stdout.split("\n").filter((line) => /^cloudtaser_\w+(\{.*\})? (?!0$)/.test(line));
    },
    async publicKey() {
      const { stdout } = await guest.run(["cloudtaser", "status", "--json"]);
      return (JSON.parse(stdout) as { evidence: { publicKey: string } }).evidence.publicKey;
    },
    async stop() {
      daemon.kill("SIGTERM");
      return (await daemon.done).status;
    },
  };
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-15).join("\n");
}
