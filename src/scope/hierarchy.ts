// SPDX-License-Identifier: Apache-2.0
// The unified hierarchy of control groups (version 2), where each directory is a group and its inode number is the id by
// which the kernel knows it; an id is never given out twice. Paths inside it begin with "/", as in /proc/PID/cgroup.
import { closeSync, readdirSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { join, normalize } from "node:path";
import { CloudtaserError } from "../errors/index.js";

const mountPoint = "/sys/fs/cgroup";
const CGROUP2_SUPER_MAGIC = 0x63677270;

/** Opens the group of that id, whatever is mounted over its directory. Throws ESTALE if there is none any more. */
export type OpenById = (root: string, id: bigint) => number;

export class Hierarchy {
  readonly root: string;
  readonly #device: bigint;
  readonly #openById: OpenById;

  /** @param root where it is mounted; found out if left out, with CGROUP_UNIFIED_MISSING if it is nowhere */
  constructor(openById: OpenById, root: string = findRoot()) {
    this.root = root;
    this.#openById = openById;
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

  /**
   * Where the group of that id is. A directory that cannot be seen proves nothing: anything may be mounted over it, and a
   * look may fail. Only the kernel's own word that there is no such group any more does.
   * @returns "gone", or undefined if it is there, or may be, and cannot be seen
   */
  placeOf(id: bigint): string | "gone" | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = this.#openById(this.root, id);
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      const inside = path === this.root || path.startsWith(`${this.root}/`) ? path.slice(this.root.length) : undefined;
      return inside !== undefined && this.find(inside) === id ? clean(inside) : undefined;
    } catch (error) {
      return (error as { code?: unknown }).code === "ESTALE" ? "gone" : undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
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
