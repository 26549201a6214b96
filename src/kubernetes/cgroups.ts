// SPDX-License-Identifier: Apache-2.0
// The control groups that the kubelet makes for pods, by uid: both drivers, every QoS class, read off the directories, so
// that a pod's group is known before its first container. Only what root made counts: a user with a delegated subtree
// could name a group as a pod's is named, and get into its workload.

import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import { cgroupUidIn } from "./store.js";

/** Below the mount. The second of each pair is the systemd driver's; nodes made of containers have the kubelet's own above. */
const usualRoots = [
  "/kubepods",
  "/kubepods.slice",
  "/kubelet/kubepods",
  "/kubelet.slice/kubelet-kubepods.slice",
  "/k8s.io/kubepods",
] as const;

const classes = /^(?:[a-z-]*-)?(?:besteffort|burstable)(?:\.slice)?$/;

/** Of a whole hierarchy, when a container's group is looked for by its id. */
const mostDirectories = 20_000;
/** Of these, in one turn of the event loop: some milliseconds. */
const atOnce = 100;

export interface PodCgroups {
  /**
   * Uid as the kubelet writes it → paths below the mount. A kubelet makes one; which of several it made nobody can tell,
   * since root can make another of that name, and what is empty now may be filled.
   */
  byUid: Map<string, string[]>;
  /** Directories in which the groups of pods appear. */
  watched: string[];
  /** What lies where the kubelet's groups lie and is somebody else's: path → user. */
  foreign: Map<string, number>;
}

export class CgroupTree {
  readonly #mount: string;
  readonly #owner: number;
  readonly #self: string;
  #more: readonly string[];
  /** Groups of pods that the last look found and judged: a look at a full node must not hold the event loop. */
  #known = new Set<string>();

  /**
   * @param more places of the kubelet beside the usual ones, below the mount or with it
   * @param self file that says in which group this process is
   */
  constructor({
    mount = "/sys/fs/cgroup",
    more = [] as readonly string[],
    owner = 0,
    self = "/proc/self/cgroup",
  } = {}) {
    this.#mount = mount;
    this.#self = self;
    this.#owner = owner;
    this.#more = more.map((path) => this.inside(path));
  }

  get mount(): string {
    return this.#mount;
  }

  also(more: readonly string[]): void {
    this.#more = more.map((path) => this.inside(path));
  }

  /** A path as others write it: "/x" for both "/x" and "/sys/fs/cgroup/x". */
  inside(path: string): string {
    const below = path === this.#mount || path.startsWith(`${this.#mount}/`) ? path.slice(this.#mount.length) : path;
    return `/${below
      .split("/")
      .filter((part) => part !== "" && part !== "." && part !== "..")
      .join("/")}`;
  }

  absolute(inside: string): string {
    return join(this.#mount, inside);
  }

  /** This process is in it: the agent guards itself, and its own pod is no workload. */
  holdsUs(inside: string): boolean {
    try {
      const own = /^0::(.*)$/m.exec(readFileSync(this.#self, "utf8"))?.[1];
      return own !== undefined && `${own}/`.startsWith(`${inside}/`);
    } catch {
      return false;
    }
  }

  exists(inside: string): boolean {
    return this.#ownerOf(inside) === this.#owner;
  }

  /** undefined: it is no group. */
  #ownerOf(inside: string): number | undefined {
    const info = statSync(this.absolute(inside), { throwIfNoEntry: false });
    return info?.isDirectory() === true ? info.uid : undefined;
  }

  /** Throws KUBERNETES_NO_CGROUPS where there is no unified hierarchy. A kubelet that has made no pod yet is no error. */
  scan(): PodCgroups {
    try {
      statSync(join(this.#mount, "cgroup.controllers"));
    } catch (cause) {
      const fields = { reason: `is no unified hierarchy (cgroup v2): ${reasonOf(cause)}` };
      throw new CloudtaserError("KUBERNETES_NO_CGROUPS", { target: this.#mount, fields, cause });
    }
    const found: PodCgroups = { byUid: new Map(), watched: [], foreign: new Map() };
    for (const root of new Set([...usualRoots, ...this.#more])) {
      const owner = this.#ownerOf(root);
      if (owner !== undefined) this.#look(root, owner, found, true);
    }
    this.#known = new Set([...found.byUid.values()].flat());
    return found;
  }

  /** Whoever owns a directory of the kubelet's: what root has made in it counts, so that a chown blinds nobody. */
  #look(directory: string, owner: number, found: PodCgroups, withClasses: boolean): void {
    if (owner !== this.#owner) found.foreign.set(directory, owner);
    found.watched.push(this.absolute(directory));
    for (const { name } of directoriesIn(this.absolute(directory))) {
      const path = `${directory}/${name}`;
      const uid = cgroupUidIn(`/${name}`);
      if (uid !== undefined && this.#known.has(path)) {
        note(found.byUid, uid, path);
        continue;
      }
      const ofClass = withClasses && classes.test(name);
      const madeBy = uid !== undefined || ofClass ? this.#ownerOf(path) : undefined;
      if (madeBy === undefined) continue;
      if (uid === undefined) this.#look(path, madeBy, found, false);
      else if (madeBy === this.#owner) note(found.byUid, uid, path);
      else found.foreign.set(path, madeBy);
    }
  }

  /**
   * Groups of containers, wherever they are; for kubelets and runtimes whose layout is not known. Id → paths: all there
   * are, since the first that is found may be a decoy.
   */
  async findContainers(ids: ReadonlySet<string>): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    const queue = ["/"];
    for (let looked = 0; looked < queue.length && looked < mostDirectories; looked++) {
      if (looked % atOnce === atOnce - 1) await turn();
      const directory = queue[looked] ?? "/";
      for (const { name } of directoriesIn(this.absolute(directory))) {
        const path = directory === "/" ? `/${name}` : `${directory}/${name}`;
        if (!this.exists(path)) continue;
        const id = containerIn(name);
        if (id !== undefined && ids.has(id)) note(found, id, path);
        else queue.push(path);
      }
    }
    return found;
  }
}

/** Once: a place that the configuration names may lie in a usual one. */
function note(found: Map<string, string[]>, key: string, path: string): void {
  const known = found.get(key);
  if (known === undefined) found.set(key, [path]);
  else if (!known.includes(path)) known.push(path);
}

/** The container whose group is called so: "ID", "cri-containerd-ID.scope", "crio-ID", "docker-ID.scope"; its monitor's is not. */
export function containerIn(name: string): string | undefined {
  return /^(?:(?:cri-containerd|crio|docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1];
}

/** [] if it is gone: groups come and go while they are looked at. */
function directoriesIn(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch {
    return [];
  }
}
