// SPDX-License-Identifier: Apache-2.0
// The allow lists between the configuration and the kernel. An executable is let pass as the file that it was when the
// configuration was loaded: the kernel compares its change time at each attempt, and here its digest tells a change of
// contents, which ends the entry until the next load, from one of owner, name or link count, which does not.
import { setImmediate } from "node:timers/promises";
import {
  type Config,
  digestSlowly,
  type ExecutableIdentity,
  onNode,
  resolveExecutable,
  sameFile,
} from "../config/index.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { AllowEntry } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { type VectorName, vectorNames } from "../vectors/index.js";
import { namedCgroups } from "./cgroups.js";
import { containerRuntimes, type Runtime } from "./runtimes.js";

/** What container runtimes do for a living beside limiting containers: enter and end them, and rule their control groups, the agent's too. */
const runtimesMay: readonly VectorName[] = ["ns_enter", "agent_signal", "agent_cgroup"];

/** Files that are looked at before the event loop gets a turn. */
const filesPerTurn = 64;

interface Executable {
  path: string;
  identity: ExecutableIdentity;
  /** undefined until it has been computed. */
  digest: string | undefined;
  /** Why its entries match nobody any more; "" while they do. */
  stopped: string;
}

/** Everything that one configuration allows. */
export interface AllowSet {
  config: Config;
  executables: Map<string, Executable>;
  /** Those of them that may enter, end and rule containers without being named. */
  runtimes: Runtime[];
}

export class AllowList {
  readonly #log: Log;
  #set: AllowSet | undefined;
  /** Digests by file, so that a reload reads only what is new. */
  readonly #digests = new Map<string, string>();
  #missing: string[] = [];
  #busy = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Throws ALLOW_EXE_UNUSABLE for an executable that is not there, or is not the one that the configuration names. */
  async resolve(config: Config): Promise<AllowSet> {
    const executables = new Map<string, Executable>();
    for (const { exe, sha256 } of allEntries(config)) {
      if (exe === undefined) continue;
      const known = executables.get(exe) ?? this.#look(exe);
      executables.set(exe, known);
      if (sha256 === undefined) continue;
      known.digest ??= await this.#digest(exe, known.identity);
      if (known.digest !== sha256.toLowerCase()) {
        const reason = `its sha256 is ${known.digest}, and the configuration says ${sha256.toLowerCase()}`;
        throw new CloudtaserError("ALLOW_EXE_UNUSABLE", { target: exe, fields: { reason } });
      }
    }
    const runtimes = containerRuntimes();
    for (const { path } of runtimes) if (!executables.has(path)) executables.set(path, this.#look(path));
    return { config, executables, runtimes };
  }

  /** What the kernel shall hold of it now. Control groups are looked up each time: a restarted unit has a new one. */
  entries({ config, executables, runtimes }: AllowSet): AllowEntry[] {
    const cgroups = namedCgroups(allEntries(config).flatMap(({ cgroup }) => cgroup ?? []));
    this.#missing = cgroups.missing;
    const entries: AllowEntry[] = [];
    const add = (
      vector: VectorName | undefined,
      entry: Config["allow"][number],
      more: Pick<AllowEntry, "children" | "limits"> = {},
    ): void => {
      const file = entry.exe === undefined ? undefined : executables.get(entry.exe);
      if (file?.stopped) return;
      const whole: AllowEntry = { vector, exe: file?.identity, uid: entry.uid, ...more };
      if (entry.cgroup === undefined) entries.push(whole);
      else for (const cgroup of cgroups.idsBelow(entry.cgroup)) entries.push({ ...whole, cgroup });
    };
    // First: an entry of the operator for a runtime lets more pass.
    for (const { path } of runtimes) add("coredump_limits", { exe: path }, { limits: true });
    for (const entry of config.allow) add(undefined, entry);
    for (const vector of vectorNames) for (const entry of config.vectors[vector]?.allow ?? []) add(vector, entry);
    // Last: an entry of the operator for a runtime must not take its children away.
    for (const vector of runtimesMay) {
      for (const { path, children } of runtimes) add(vector, { exe: path }, { children });
    }
    return entries;
  }

  /** This set is in force now. Digests that nobody has asked for yet are computed aside. */
  adopt(set: AllowSet): void {
    this.#set = set;
    void this.#remember(set);
  }

  get set(): AllowSet | undefined {
    return this.#set;
  }

  /** What an operator should know. */
  get warnings(): string[] {
    const stopped = [...(this.#set?.executables.values() ?? [])].filter((file) => file.stopped !== "");
    return [
      ...stopped.map(
        ({ path, stopped: why }) =>
          `allowed executable ${path} ${why}: its entries let nobody pass until the configuration is loaded again`,
      ),
      ...this.#missing.map(
        (path) => `allowed control group ${path} is not there: its entries let nobody pass until it is`,
      ),
    ];
  }

  /** Looks at every allowed file again. True if the kernel must be told. */
  async check(): Promise<boolean> {
    const set = this.#set;
    if (set === undefined || this.#busy) return false;
    this.#busy = true;
    let changed = allEntries(set.config).some(({ cgroup }) => cgroup !== undefined);
    let turn = 0;
    try {
      for (const file of set.executables.values()) {
        if (++turn % filesPerTurn === 0) await setImmediate();
        if (this.#set !== set) return false;
        if (file.stopped === "" && (await this.#changed(file))) changed = true;
      }
    } finally {
      this.#busy = false;
    }
    return changed;
  }

  #look(path: string): Executable {
    const identity = resolveExecutable(onNode(path));
    return { path, identity, digest: this.#digests.get(keyOf(identity)), stopped: "" };
  }

  /** A block at a time. Throws if the file changes under the reader. */
  async #digest(path: string, identity: ExecutableIdentity): Promise<string> {
    const known = this.#digests.get(keyOf(identity));
    if (known !== undefined) return known;
    try {
      const digest = await digestSlowly(onNode(path));
      if (!sameFile(resolveExecutable(onNode(path)), identity)) throw new Error("it was changed while it was read");
      this.#digests.set(keyOf(identity), digest);
      return digest;
    } catch (cause) {
      throw new CloudtaserError("ALLOW_EXE_UNUSABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
    }
  }

  async #changed(file: Executable): Promise<boolean> {
    try {
      const now = resolveExecutable(onNode(file.path));
      if (sameFile(now, file.identity)) return false;
      const other = now.exeIno !== file.identity.exeIno || now.exeDev !== file.identity.exeDev;
      if (other) return this.#stop(file, "is another file than when the configuration was loaded");
      if (file.digest === undefined) return this.#stop(file, "was changed before its contents had been noted");
      if ((await this.#digest(file.path, now)) !== file.digest) return this.#stop(file, "was changed in place");
      file.identity = now;
      this.#log.info("an allowed executable has new properties and the same contents", { path: file.path });
      return true;
    } catch (error) {
      return this.#stop(file, `cannot be read any more (${reasonOf(error)})`);
    }
  }

  #stop(file: Executable, why: string): boolean {
    file.stopped = why;
    this.#log.warn("an allowed executable was changed: its entries let nobody pass until the next load", {
      path: file.path,
      why,
    });
    return true;
  }

  /** Aside, a block at a time: a list may name many large files. */
  async #remember(set: AllowSet): Promise<void> {
    for (const file of set.executables.values()) {
      if (this.#set !== set) return;
      if (file.digest !== undefined) continue;
      const { path, identity } = file;
      try {
        const digest = await digestSlowly(onNode(path));
        if (!sameFile(resolveExecutable(onNode(path)), identity)) continue;
        file.digest = digest;
        this.#digests.set(keyOf(identity), digest);
      } catch {
        // The next check finds that it changed, and says so.
      }
    }
    const inUse = new Set([...set.executables.values()].map(({ identity }) => keyOf(identity)));
    for (const key of this.#digests.keys()) if (!inUse.has(key)) this.#digests.delete(key);
  }
}

const keyOf = (file: ExecutableIdentity): string =>
  [file.exeDev, file.exeIno, file.ctimeSec, file.ctimeNsec, file.size].join();

function allEntries(config: Config): Config["allow"][number][] {
  return [...config.allow, ...vectorNames.flatMap((vector) => config.vectors[vector]?.allow ?? [])];
}
