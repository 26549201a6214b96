// SPDX-License-Identifier: Apache-2.0
// Control groups that allow lists name, as the numbers by which the kernel knows them. A group below a named one counts
// as that one; the kernel looks for the nearest that is named, so an entry of the upper one is made for both.
import { statSync } from "node:fs";
import { join, normalize } from "node:path";

const cgroupRoot = "/sys/fs/cgroup";

export interface NamedCgroups {
  /** Ids of the group and of those named ones that lie below it; [] if it is not there. */
  idsBelow(path: string): bigint[];
  missing: string[];
}

/** Below the mount, without a slash at the end. */
const insideOf = (path: string): string => {
  const inside = path === cgroupRoot || path.startsWith(`${cgroupRoot}/`) ? path.slice(cgroupRoot.length) : path;
  return normalize(`/${inside}`).replace(/\/+$/, "");
};

/** Paths as in /proc/PID/cgroup, or below /sys/fs/cgroup. */
export function namedCgroups(paths: readonly string[], idOf: (inside: string) => bigint = readId): NamedCgroups {
  const ids = new Map<string, bigint>();
  const missing: string[] = [];
  for (const path of new Set(paths)) {
    try {
      ids.set(insideOf(path), idOf(insideOf(path)));
    } catch {
      missing.push(path);
    }
  }
  return {
    missing,
    idsBelow(path) {
      const inside = insideOf(path);
      if (!ids.has(inside)) return [];
      return [...ids].filter(([other]) => other === inside || other.startsWith(`${inside}/`)).map(([, id]) => id);
    },
  };
}

function readId(inside: string): bigint {
  const info = statSync(join(cgroupRoot, inside), { bigint: true });
  if (!info.isDirectory()) throw new Error("it is no control group");
  return info.ino;
}
