// SPDX-License-Identifier: Apache-2.0
// containerd in a guest, and its containers in the control groups of pods, each with a specification of its own as the
// kubelet's runtime makes one. Commands of ctr end as ctr does.

import type { GuestCommand } from "../lab/command.js";
import { type Field, triggerDir } from "./field.js";
import { needle, type Shape, specification } from "./guest-containers.js";
import { nextLine } from "./next-line.js";

/** Without what no container here uses, so that it comes up quickly. */
const settings = `version = 2
root = "/run/ctd/root"
state = "/run/ctd/state"
disabled_plugins = [${[
  "grpc.v1.cri",
  "internal.v1.opt",
  ...["btrfs", "aufs", "zfs", "devmapper"].map((name) => `snapshotter.v1.${name}`),
]
  .map((name) => `"io.containerd.${name}"`)
  .join(", ")}]
[grpc]
address = "/run/ctd/sock"
`;

/** What an attacker got who was at it all the while. */
export interface Found {
  looks: number;
  refused: number;
  got: number;
  /** Processes that were read, and the longest time for which one was. */
  gave: number;
  longestUs: number;
}

/** Every process that comes is attacked while the action goes on. */
export async function attacked(attacker: GuestCommand, action: () => Promise<void>): Promise<Found> {
  const ready = await nextLine(attacker, 0, 240_000);
  if (ready !== "ready") throw new Error(`no attacker: ${ready}`);
  try {
    await action();
  } finally {
    attacker.write("\n");
  }
  return JSON.parse(await nextLine(attacker, 1, 240_000)) as Found;
}

/** @param pauseMs after each round through all processes; without one it takes the time of everybody else in the guest */
export const attackFromHost = (field: Field, pauseMs = 0): GuestCommand =>
  field.guest.spawn([`${triggerDir}/newcomers`, needle, `${pauseMs}`]);

export class Containerd {
  readonly #field: Field;

  private constructor(field: Field) {
    this.#field = field;
  }

  static async start(field: Field): Promise<Containerd> {
    await field.guest.writeFile("/run/containerd.toml", settings);
    field.guest.spawn("exec containerd --config /run/containerd.toml >/run/containerd.log 2>&1");
    const wait = `for i in $(seq 300); do ctr -a /run/ctd/sock version >/dev/null 2>&1 && exit 0; sleep 0.2; done
      tail -5 /run/containerd.log >&2; exit 1`;
    const { status, stderr } = await field.sh(wait, 300);
    if (status !== 0) throw new Error(`containerd did not come up: ${stderr}`);
    return new Containerd(field);
  }

  ctr(command: string, timeoutSeconds = 300): Promise<{ status: number; stdout: string; stderr: string }> {
    return this.#field.sh(`ctr -a /run/ctd/sock ${command} </dev/null`, timeoutSeconds);
  }

  async #command(shape: Shape, flags: string): Promise<string> {
    const file = `/run/box/${shape.name}.json`;
    // Where crun is to leave what a hook says.
    await this.#field.sh(`mkdir -p /run/box/${shape.name}`);
    await this.#field.guest.writeFile(file, JSON.stringify(specification(shape)));
    return `run ${flags} --runc-binary /usr/bin/${shape.runtime} --config ${file} ${shape.name}`;
  }

  /** To its end, and away with it. Returns the status of its program. */
  async run(shape: Shape): Promise<{ status: number; stderr: string }> {
    return this.ctr(await this.#command(shape, "--rm"), 400);
  }

  /** Goes on running; ends with its program's status, and takes the container away with it. */
  async start(shape: Shape): Promise<GuestCommand> {
    const command = await this.attach(shape);
    let isOver = false;
    const ended = command.done.then(({ status }) => {
      isOver = true;
      throw new Error(`${shape.name} ended with status ${status}: ${command.stderr}`);
    });
    const isRunning = async (): Promise<void> => {
      while (!isOver && (await this.state(shape.name)) !== "RUNNING")
        await new Promise((resolve) => setTimeout(resolve, 200));
    };
    await Promise.race([ended, isRunning()]);
    ended.catch(() => undefined);
    return command;
  }

  /** The container's own input and output. */
  async attach(shape: Shape): Promise<GuestCommand> {
    return this.#field.guest.spawn(`exec ctr -a /run/ctd/sock ${await this.#command(shape, "--rm")}`);
  }

  /** As `kubectl exec` and probes do. */
  exec(name: string, id: string, command: string): Promise<{ status: number; stdout: string; stderr: string }> {
    return this.ctr(`task exec --exec-id ${id} ${name} ${command}`);
  }

  /** RUNNING, PAUSED, STOPPED; empty if there is none. */
  async state(name: string): Promise<string> {
    const { stdout } = await this.ctr("task ls");
    const row = stdout.split("\n").find((line) => line.startsWith(`${name} `));
    return row?.split(/\s+/)[2] ?? "";
  }

  /** A signal to its first process, as a pod that is stopped gets. */
  async signal(name: string, signal: string): Promise<void> {
    const { status, stderr } = await this.ctr(`task kill -s ${signal} ${name}`);
    if (status !== 0) throw new Error(`${name} did not get ${signal}: ${stderr}`);
  }
}
