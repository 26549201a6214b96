// SPDX-License-Identifier: Apache-2.0
// Registered secrets by name and workload. The kernel knows them by fingerprints, this room by names and sinks, and
// nobody by value: it is overwritten before add() returns, whatever comes of it.
import { CloudtaserError } from "../errors/index.js";
import type { Log } from "../log/index.js";
import { FollowedFiles } from "./followed.js";
import { Names, type SecretEntry } from "./names.js";
import { resolveSinks, type Sinks } from "./sinks.js";
import { checkValue, warningsOf } from "./value.js";

/** A value that has been turned into fingerprints; what it is made of is the kernel room's. */
export interface Prepared {
  /** Numbers of secrets of the same value. */
  sameAs: ReadonlySet<number>;
}

/** What this room needs of the kernel. */
export interface SecretKernel<Value extends Prepared> {
  /** Throws SECRETS_UNSUPPORTED if the kernel cannot match. The value is zeros afterwards, also when it throws. */
  prepare(value: Uint8Array): Value;
  /** Whole or not at all. */
  add(secret: { name: string; id: number; group: number; sinks: Sinks }, value: Value): { contained: boolean };
  setSinks(name: string, id: number, sinks: Sinks): void;
  remove(ids: readonly number[]): void;
  list(): { id: number; group: number }[];
  /** Doors behind which nothing is looked at. */
  blind(): string[];
  /** Lets go of what is needed for secrets, if there is none. */
  settle(): void;
}

export interface SecretsOptions<Value extends Prepared> {
  /** Where names are kept. */
  file: string;
  kernel: SecretKernel<Value>;
  /** Number of a workload, made up if it is new, and its name. */
  groups: { ensure(name: string): number; nameOf(group: number): string };
  /** Looks once who is protected now. Answers whether any process of a workload is. */
  whoRuns(): (workload: string) => boolean;
  log: Pick<Log, "info" | "warn">;
  now?: () => Date;
  /** Of a clock that nobody sets. */
  elapsedMs?: () => number;
  /** Where the node's tree of files is, if it is not that of process 1. */
  root?: string;
}

export interface AddSecret {
  workload: string;
  name: string;
  value: Uint8Array;
  allow: readonly string[];
  /** Take the place of a secret of that name with another value. */
  replace: boolean;
  endsWithWorkload: boolean;
}

export interface SecretReport {
  name: string;
  workload: string;
  allow: string[];
  added: string;
  endsWithWorkload: boolean;
}

export interface AddReport {
  secret: SecretReport;
  /** unchanged: value and name were registered; its sinks are now those given. */
  outcome: "registered" | "replaced" | "unchanged";
  warnings: string[];
}

/** How long a secret waits for the first process of a workload with which it ends: guards that slept take a moment to wake. */
const patienceMs = 600_000;

/** Undoes what was done before if this fails. */
function orElse<T>(action: () => T, undo: () => void): T {
  try {
    return action();
  } catch (error) {
    undo();
    throw error;
  }
}

const full = (name: string, workload: string): string => `${name} of ${workload}`;

export class Secrets<Value extends Prepared = Prepared> {
  readonly #options: SecretsOptions<Value>;
  readonly #names: Names;
  /** Numbers of secrets whose workload was seen running since they were registered, or registered again. */
  readonly #ran = new Set<number>();
  /** When that was, in elapsedMs; of what an earlier agent registered, when this one began. */
  readonly #since = new Map<number, number>();
  readonly #began: number;
  readonly #files: FollowedFiles;
  /** It was said that names are in no file. */
  #saidUnwritten = false;

  constructor(options: SecretsOptions<Value>) {
    this.#options = options;
    this.#names = new Names(options.file);
    this.#began = this.#elapsedMs();
    const { kernel, root, log } = options;
    const setSinks = ({ id, name, workload }: SecretEntry, sinks: Sinks): void =>
      kernel.setSinks(full(name, workload), id, sinks);
    this.#files = new FollowedFiles({ setSinks, root, log });
    this.#reconcile();
    this.#writeNames();
  }

  /** A full disk keeps nobody from his start, nor from a look around. It is tried again at the next, or with the next change. */
  #writeNames(): void {
    try {
      this.#names.write();
      this.#saidUnwritten = false;
    } catch (error) {
      if (this.#saidUnwritten) return;
      this.#saidUnwritten = true;
      this.#options.log.warn("names of secrets cannot be written: the next agent may not know them", { error });
    }
  }

  /** The kernel is the truth: names of what it does not know go, what has no name gets one. */
  #reconcile(): void {
    const known = this.#options.kernel.list();
    const ids = new Set(known.map(({ id }) => id));
    for (const { id } of this.#names.all()) if (!ids.has(id)) this.#names.forget(id);
    for (const { id, group } of known) {
      const workload = this.#options.groups.nameOf(group);
      const named = this.#names.byNumber(id);
      if (named !== undefined) {
        // Where names of workloads were lost, another group may have that name by now.
        if (named.workload !== workload) this.#names.note({ ...named, workload });
        continue;
      }
      const added = this.#now().toISOString();
      this.#names.note({ id, name: `secret-${id}`, workload, allow: [], added, endsWithWorkload: false });
    }
  }

  /** Where nothing is looked at behind a door, whoever registers a secret would believe too much. */
  #prepare(value: Uint8Array): Value {
    const { kernel } = this.#options;
    const doors = kernel.blind();
    if (doors.length > 0) {
      const fields = {
        reason: `nothing is looked at behind its doors ${doors.join(", ")}, which are not in the kernel`,
      };
      throw new CloudtaserError("SECRETS_UNSUPPORTED", { target: "this agent", fields });
    }
    return kernel.prepare(value);
  }

  add(request: AddSecret): AddReport {
    const { workload, name, value, allow } = request;
    const { kernel, groups } = this.#options;
    const target = full(name, workload);
    let warnings: string[];
    try {
      checkValue(target, value);
      warnings = warningsOf(value);
      const sinks = resolveSinks(allow, this.#options.root);
      const prepared = this.#prepare(value);
      const group = groups.ensure(workload);
      const before = this.#names.named(workload, name);
      const twin = this.#twinOf(prepared, workload);
      if (twin !== undefined && twin.id !== before?.id) {
        throw new CloudtaserError("SECRET_TWICE", { target, fields: { known: twin.name } });
      }
      if (before !== undefined && twin !== undefined) {
        // A secret that stays for good does not end with a workload because somebody named it again.
        const endsWithWorkload = request.endsWithWorkload && before.endsWithWorkload;
        const secret = this.#enter(before.id, { ...request, endsWithWorkload }, before.added);
        orElse(
          () => kernel.setSinks(target, before.id, sinks),
          () => {
            this.#names.note(before);
            this.#writeNames();
          },
        );
        return { secret, outcome: "unchanged", warnings };
      }
      if (before !== undefined && !request.replace) throw new CloudtaserError("SECRET_NAME_TAKEN", { target });
      const id = this.#names.freeNumber();
      const { contained } = kernel.add({ name: target, id, group, sinks }, prepared);
      if (contained) warnings.push("all of it stands in another secret: what carries that one is judged by both");
      const added = this.#now().toISOString();
      const secret = orElse(
        () => this.#enter(id, request, added),
        () => kernel.remove([id]),
      );
      if (before !== undefined) this.#takeOut([before.id]);
      return { secret, outcome: before === undefined ? "registered" : "replaced", warnings };
    } finally {
      value.fill(0);
    }
  }

  #twinOf({ sameAs }: Prepared, workload: string): SecretEntry | undefined {
    return [...sameAs].map((id) => this.#names.byNumber(id)).find((one) => one?.workload === workload);
  }

  #enter(id: number, { name, workload, allow, endsWithWorkload }: AddSecret, added: string): SecretReport {
    this.#names.set({ id, name, workload, allow: [...allow], added, endsWithWorkload });
    this.#files.forget(id);
    this.#ran.delete(id);
    this.#since.set(id, this.#elapsedMs());
    return { name, workload, allow: [...allow], added, endsWithWorkload };
  }

  /** Throws SECRET_UNKNOWN. Without a name all secrets of the workload. */
  remove(workload: string, name?: string): SecretReport[] {
    const meant = this.#names.all().filter((one) => one.workload === workload && (name ?? one.name) === one.name);
    if (meant.length === 0) {
      throw new CloudtaserError("SECRET_UNKNOWN", {
        target: name === undefined ? `of ${workload}` : full(name, workload),
      });
    }
    this.#takeOut(meant.map(({ id }) => id));
    return meant.map(reportOf);
  }

  #takeOut(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#options.kernel.remove(ids);
    for (const id of ids) {
      this.#names.remove(id);
      this.#files.forget(id);
      this.#ran.delete(id);
      this.#since.delete(id);
    }
  }

  list(): SecretReport[] {
    return this.#names.all().map(reportOf);
  }

  get count(): number {
    return this.#names.size;
  }

  /** For events; of secrets that were removed a moment ago, too. */
  byNumber(id: number): SecretEntry | undefined {
    return this.#names.byNumber(id);
  }

  /** Groups whose numbers must stay theirs. */
  groups(): Set<number> {
    return new Set(this.#options.kernel.list().map(({ group }) => group));
  }

  /** Now and then: secrets end with their workload, and a socket that was made anew is another file. */
  check(): void {
    this.#takeOutEnded();
    for (const one of this.#names.all()) this.#files.look(one);
    this.#writeNames();
    this.#options.kernel.settle();
  }

  #takeOutEnded(): void {
    const tied = this.#names.all().filter(({ endsWithWorkload }) => endsWithWorkload);
    if (tied.length === 0) return;
    const isRunning = this.#options.whoRuns();
    const ended = tied.filter((one) => this.#hasEnded(one, isRunning(one.workload)));
    this.#takeOut(ended.map(({ id }) => id));
    for (const { name, workload } of ended) {
      this.#options.log.info("a secret ended with its workload", { name, workload });
    }
  }

  #hasEnded({ id }: SecretEntry, isRunning: boolean): boolean {
    if (isRunning) {
      this.#ran.add(id);
      return false;
    }
    return this.#ran.has(id) || this.#elapsedMs() - (this.#since.get(id) ?? this.#began) > patienceMs;
  }

  #elapsedMs(): number {
    return this.#options.elapsedMs?.() ?? performance.now();
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}

const reportOf = ({ name, workload, allow, added, endsWithWorkload }: SecretEntry): SecretReport => ({
  name,
  workload,
  allow,
  added,
  endsWithWorkload,
});
