// SPDX-License-Identifier: Apache-2.0
// Takes off the guards that an agent left pinned, unless that agent still runs. The kernel detaches them some time after
// their names are gone, so this waits until it has.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ControlClient } from "../control/client.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { Native } from "../kernel/native.js";
import { Pins } from "../kernel/pins.js";

const patienceMs = 10_000;

export interface Uninstalled {
  /** Paths; [] if there was nothing. */
  removed: string[];
  /** Guards that still stand, because another process holds them. */
  held: string[];
}

export async function uninstallGuards(
  pinPath: string,
  { socket, native, patience = patienceMs }: { socket: string; native: () => Promise<Native>; patience?: number },
): Promise<Uninstalled> {
  const uid = process.geteuid?.() ?? 0;
  if (uid !== 0) throw new CloudtaserError("NOT_ROOT", { target: "agent --uninstall", fields: { uid } });
  // Without the pins a running agent would hold the guards all the same, and lose them at its next restart.
  const pid = await runningAgent(socket);
  if (pid !== undefined) throw new CloudtaserError("AGENT_RUNNING", { target: socket, fields: { pid } });
  const pins = new Pins(pinPath);
  const list = (directory: string): string[] =>
    existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
  const links = pins.generations().flatMap(list);
  const removed = [...links, ...list(pins.maps), ...list(pins.leaks)];
  if (removed.length === 0) return { removed, held: [] };
  try {
    const kernel = await native();
    const programs = links.flatMap((path) => {
      const id = programBehind(kernel, path);
      return id === undefined ? [] : [{ path, id }];
    });
    pins.removeAll();
    const held = await stillLoaded(kernel, programs, patience);
    return { removed, held };
  } catch (error) {
    throw new CloudtaserError("PIN_FAILED", { target: pinPath, fields: { reason: reasonOf(error) }, cause: error });
  }
}

function programBehind(native: Native, path: string): number | undefined {
  const link = native.openLink(path);
  try {
    return link.info()?.programId;
  } finally {
    link.close();
  }
}

async function stillLoaded(
  native: Native,
  programs: readonly { path: string; id: number }[],
  patience: number,
): Promise<string[]> {
  const deadline = Date.now() + patience;
  for (let left = programs; ; await sleep(50)) {
    left = left.filter(({ id }) => isLoaded(native, id));
    if (left.length === 0 || Date.now() >= deadline) return left.map(({ path }) => path);
  }
}

function isLoaded(native: Native, id: number): boolean {
  try {
    native.loadedProgram(id);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

async function runningAgent(socket: string): Promise<number | undefined> {
  try {
    return (await new ControlClient({ socket }).status()).pid;
  } catch (error) {
    if (error instanceof CloudtaserError && error.code === "AGENT_NOT_RUNNING") return undefined;
    throw error;
  }
}
