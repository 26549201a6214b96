// SPDX-License-Identifier: Apache-2.0
// Takes off the guards that an agent left pinned, unless that agent still runs. The kernel detaches them some time after
// their names are gone, so this waits until it has.

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ControlClient } from "../control/client.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { rememberedAuthority } from "../kernel/authority.js";
import type { BpfLink, Native } from "../kernel/native.js";
import { isRefused, Pins } from "../kernel/pins.js";

const patienceMs = 10_000;

export interface Uninstalled {
  /** Paths; [] if there was nothing. */
  removed: string[];
  /** Guards that still stand, because another process holds them. */
  held: string[];
}

export interface UninstallOptions {
  /** The control socket. */
  socket: string;
  native(): Promise<Native>;
  /** File of the authority's private key. */
  key?: string | undefined;
  /** Milliseconds of waiting for the kernel. */
  patience?: number;
}

export async function uninstallGuards(
  pinPath: string,
  { socket, native, key, patience = patienceMs }: UninstallOptions,
): Promise<Uninstalled> {
  const uid = process.geteuid?.() ?? 0;
  if (uid !== 0) throw new CloudtaserError("NOT_ROOT", { target: "agent --uninstall", fields: { uid } });
  // Without the pins a running agent would hold the guards all the same, and lose them at its next restart.
  const pid = await runningAgent(socket, native);
  if (pid !== undefined) throw new CloudtaserError("AGENT_RUNNING", { target: socket, fields: { pid } });
  const pins = new Pins(pinPath);
  const links = pins.links();
  const removed = pins.entries();
  if (removed.length === 0) return { removed, held: [] };
  try {
    const kernel = await native();
    await checkAuthority(kernel, pinPath, key);
    const programs = links.flatMap((path) => {
      const id = programBehind(kernel, path);
      return id === undefined ? [] : [{ path, id }];
    });
    pins.removeAll();
    const held = await stillLoaded(kernel, programs, patience);
    const [left] = pins.left;
    if (left !== undefined) {
      throw new CloudtaserError("PIN_FAILED", { target: left.path, fields: { reason: left.reason } });
    }
    return { removed, held };
  } catch (error) {
    if (error instanceof CloudtaserError) throw error;
    throw new CloudtaserError("PIN_FAILED", { target: pinPath, fields: { reason: reasonOf(error) }, cause: error });
  }
}

/** The guards remember who may take them off; a configuration that was changed since cannot. */
async function checkAuthority(native: Native, pinPath: string, key: string | undefined): Promise<void> {
  const authority = rememberedAuthority(native, pinPath);
  if (authority === undefined) return;
  const target = `agent --uninstall of the guards at ${pinPath}`;
  if (key === undefined) throw new CloudtaserError("AUTHORITY_NEEDED", { target });
  const { readKey } = await import("./authority-key.js");
  if ((await readKey(key)).publicKey === authority.publicKey) return;
  throw new CloudtaserError("AUTHORITY_DENIED", { target, fields: { reason: "the key is another one than theirs" } });
}

/** undefined: what is pinned there is no link to one, and none of ours. */
function programBehind(native: Native, path: string): number | undefined {
  let link: BpfLink;
  try {
    link = native.openLink(path);
  } catch (error) {
    if (isRefused(error)) throw error;
    return undefined;
  }
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
  const deadline = performance.now() + patience;
  for (let left = programs; ; await sleep(50)) {
    left = left.filter(({ id }) => isLoaded(native, id));
    if (left.length === 0 || performance.now() >= deadline) return left.map(({ path }) => path);
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

async function runningAgent(socket: string, native: () => Promise<Native>): Promise<number | undefined> {
  if (!existsSync(socket)) return undefined;
  try {
    return (await new ControlClient({ socket, native }).status()).pid;
  } catch (error) {
    if (error instanceof CloudtaserError && error.code === "AGENT_NOT_RUNNING") return undefined;
    throw error;
  }
}
