// SPDX-License-Identifier: Apache-2.0
// What the agent tells the doors of itself: the executable by which the next agent is known, and where the pins lie.
import { closeSync, openSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { CloudtaserError } from "../errors/index.js";
import { Role } from "./abi.gen.js";
import type { Census, Introduction } from "./census.js";
import { deviceNumber } from "./devices.js";
import { scopeLimit } from "./paths.js";
import type { PinnedEntry } from "./tables.js";

/** Opens what the kernel must see to know where the pins are, for as long as `use` takes. */
export function withIntroduction(pinPath: string | undefined, use: (self: Introduction) => void): void {
  const pinsFd = pinPath === undefined ? -1 : openDirectory(() => pinPath);
  // The mount that counts for the node is the one that process 1 sees; an agent in a container has a copy.
  const hostFd = pinPath === undefined ? -1 : openDirectory(() => `/proc/1/root${realpathSync(pinPath)}`);
  try {
    const { dev, ino } = fileIdentity(process.execPath) ?? { dev: 0, ino: 0n };
    use({ nextDev: dev, nextIno: ino, pinsFd, hostFd });
  } finally {
    for (const fd of [pinsFd, hostFd]) if (fd >= 0) closeSync(fd);
  }
}

/** The directories given, and those above them that lie in the same file system, its root left out: others pin there. */
export function pinnedEntries(directories: readonly string[]): PinnedEntry[] {
  const own = new Map<string, PinnedEntry>();
  for (const path of directories) add(own, path, "directory");
  for (const path of directories) {
    for (let above = dirname(path); above !== "/" && !isMountRoot(above); above = dirname(above))
      add(own, above, "above");
  }
  return [...own.values()];
}

function add(found: Map<string, PinnedEntry>, path: string, how: PinnedEntry["how"]): void {
  const identity = fileIdentity(path);
  if (identity === undefined) return;
  const key = `${identity.dev}:${identity.ino}`;
  if (!found.has(key)) found.set(key, { ...identity, how });
}

/** The root of a mount lies in another file system than the directory above it. */
function isMountRoot(path: string): boolean {
  const here = fileIdentity(path);
  const above = fileIdentity(dirname(path));
  return here === undefined || above === undefined || here.dev !== above.dev;
}

function fileIdentity(path: string): { dev: number; ino: bigint } | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { dev: deviceNumber(dev), ino };
  } catch {
    return undefined; // gone meanwhile, or not to be seen from here
  }
}

function openDirectory(path: () => string): number {
  try {
    return openSync(path(), "r");
  } catch {
    return -1;
  }
}

/** Throws SCOPE_FULL if the agent has no place, and so would be guarded by no door. */
export function takeOwnPlace(census: Pick<Census, "add">, self: Introduction): void {
  const { full } = census.add({ tgid: process.pid, group: 0, role: Role.agent, follow: false, self });
  if (full) throw new CloudtaserError("SCOPE_FULL", { target: "the agent itself", fields: { limit: scopeLimit } });
}
