// SPDX-License-Identifier: Apache-2.0
// The unified hierarchy of control groups (version 2), where each directory is a group and its inode number is the id by
// which the kernel knows it; an id is never given out twice. Paths inside it begin with "/", as in /proc/PID/cgroup.
import { readdirSync, statfsSync, statSync } from "node:fs";
import { join, normalize } from "node:path";
import { CloudtaserError } from "../errors/index.js";

const mountPoint = "/sys/fs/cgroup";
const CGROUP2_SUPER_MAGIC = 0x63677270;

/** As deep as the doors look. */
export const maxDepth = 32;

export class Hierarchy {
  readonly root: string;
  readonly #device: bigint;

  /** @param root where it is mounted; found out if left out, with CGROUP_UNIFIED_MISSING if it is nowhere */
  constructor(root: string = findRoot()) {
    this.root = root;
    this.#device = statSync(root, { bigint: true }).dev;
  }

  /** Path inside of one that is given as such, or as a directory below the mount point. */
  insideOf(path: string): string {
    if (path === this.root || path.startsWith(`${this.root}/`)) return clean(path.slice(this.root.length));
    if (path === mountPoint || path.startsWith(`${mountPoint}/`)) {
      throw new CloudtaserError("CGROUP_NOT_UNIFIED", { target: path, fields: { root: this.root } });
    }
    return clean(path);
  }

  /** undefined if there is none; what is mounted over a group is none. */
  find(inside: string): bigint | undefined {
    try {
      const info = statSync(join(this.root, inside), { bigint: true });
      return info.isDirectory() && info.dev === this.#device ? info.ino : undefined;
    } catch {
      return undefined;
    }
  }

  children(inside: string): string[] {
    try {
      return readdirSync(join(this.root, inside), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name);
    } catch {
      return []; // it went away meanwhile
    }
  }

  /** Paths of those of these ids that exist, from one walk over all groups. */
  pathsOf(ids: ReadonlySet<bigint>): Map<bigint, string> {
    const found = new Map<bigint, string>();
    const look = (inside: string, depth: number): void => {
      const id = this.find(inside);
      if (id !== undefined && ids.has(id)) found.set(id, inside);
      if (depth > 0 && found.size < ids.size) {
        for (const name of this.children(inside)) look(join(inside, name), depth - 1);
      }
    };
    if (ids.size > 0) look("/", maxDepth);
    return found;
  }

  /** The groups that a pattern names. "*" and "?" stand for characters of one name, never for "/". */
  expand(pattern: string): string[] {
    return this.#matches(pattern).found;
  }

  /** Directories in which something must appear before a pattern can name more than now. */
  parents(pattern: string): string[] {
    return this.#matches(pattern).parents.map((inside) => join(this.root, inside));
  }

  #matches(pattern: string): { found: string[]; parents: string[] } {
    let found = ["/"];
    const parents: string[] = [];
    for (const part of this.insideOf(pattern).split("/").filter(Boolean)) {
      parents.push(...found);
      const matches = matcherOf(part);
      found = found.flatMap((inside) => {
        if (matches === undefined) return this.find(join(inside, part)) === undefined ? [] : [join(inside, part)];
        return this.children(inside)
          .filter((name) => matches.test(name))
          .map((name) => join(inside, name));
      });
    }
    return { found, parents };
  }
}

/** undefined: it is a plain name. */
function matcherOf(part: string): RegExp | undefined {
  if (!/[*?]/.test(part)) return undefined;
  const source = part
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s");
}

/** Without a slash at the end, and without a way out of the hierarchy. */
const clean = (path: string): string => normalize(`/${path}`).replace(/(.)\/+$/, "$1");

function findRoot(): string {
  for (const root of [mountPoint, `${mountPoint}/unified`]) {
    try {
      if (statfsSync(root).type === CGROUP2_SUPER_MAGIC) return root;
    } catch {
      // not there
    }
  }
  throw new CloudtaserError("CGROUP_UNIFIED_MISSING", { target: mountPoint });
}
