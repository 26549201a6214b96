// SPDX-License-Identifier: Apache-2.0
// What is kept of registered secrets beside the control socket, so that the next agent still knows their names: numbers,
// names and sinks, one change a line. Values and hashes are in no file.
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

/** Numbers are not given out again soon: an event that is on its way names its secret by number. */
const maxId = 0x7fff_ffff;

const entry = z.strictObject({
  id: z.int().min(1).max(maxId),
  name: z.string().max(63),
  workload: z.string().max(63),
  /** Sinks, as they were written. */
  allow: z.array(z.string()),
  /** ISO time. */
  added: z.string(),
  /** It goes when the last process of its workload has ended. */
  endsWithWorkload: z.boolean(),
});

export type SecretEntry = z.output<typeof entry>;

const change = z.union([
  z.strictObject({ set: entry }),
  z.strictObject({ remove: z.int() }),
  z.strictObject({ next: z.int().min(1).max(maxId) }),
]);

/** Names of removed secrets that are remembered. */
const maxGone = 1_024;

/** Changes before the file is written anew. */
const maxAppended = 1_024;

export class Names {
  readonly #file: string;
  readonly #entries = new Map<number, SecretEntry>();
  readonly #numbers = new Map<string, number>();
  /** For events that are still on their way. */
  readonly #gone = new Map<number, SecretEntry>();
  #next = 1;
  /** Lines since the file was written anew: it lies in memory, and must not grow for good. */
  #appended = 0;
  /** The file is behind, or its last line may be cut short, and what is put behind it would be lost with it. */
  #torn = true;

  constructor(path: string) {
    this.#file = path;
    for (const line of linesOf(path)) this.#replay(line);
  }

  /** Writes the file anew if it is behind. Throws what the file system throws. */
  write(): void {
    if (this.#torn) this.#rewrite();
  }

  all(): SecretEntry[] {
    return [...this.#entries.values()];
  }

  byNumber(id: number): SecretEntry | undefined {
    return this.#entries.get(id) ?? this.#gone.get(id);
  }

  get size(): number {
    return this.#entries.size;
  }

  named(workload: string, name: string): SecretEntry | undefined {
    const id = this.#numbers.get(keyOf(workload, name));
    return id === undefined ? undefined : this.#entries.get(id);
  }

  freeNumber(): number {
    while (this.#entries.has(this.#next)) this.#next = after(this.#next);
    const free = this.#next;
    // Used up even if nothing comes of it: forms of a secret that failed half-way must not become another's.
    this.#next = after(free);
    return free;
  }

  /** Whole or not at all: throws what the file system throws. */
  set(one: SecretEntry): void {
    this.#append({ set: one });
    this.#take(one);
  }

  /** In memory; write() brings it into the file. */
  note(one: SecretEntry): void {
    this.#take(one);
    this.#torn = true;
  }

  /** Likewise. */
  forget(id: number): void {
    if (this.#retire(id)) this.#torn = true;
  }

  /** Does not throw: what the kernel knows no longer has no name at the next start either. */
  remove(id: number): void {
    if (!this.#retire(id)) return;
    try {
      this.#append({ remove: id });
    } catch {
      // The next change writes the file anew.
    }
  }

  /** False if there is none. */
  #retire(id: number): boolean {
    const one = this.#drop(id);
    if (one === undefined) return false;
    this.#gone.set(id, one);
    const [oldest] = this.#gone.keys();
    if (oldest !== undefined && this.#gone.size > maxGone) this.#gone.delete(oldest);
    return true;
  }

  #drop(id: number): SecretEntry | undefined {
    const one = this.#entries.get(id);
    if (one === undefined) return undefined;
    this.#entries.delete(id);
    // The name may be another's by now: a new value is entered before the old one goes.
    const key = keyOf(one.workload, one.name);
    if (this.#numbers.get(key) === id) this.#numbers.delete(key);
    return one;
  }

  #take(one: SecretEntry): void {
    this.#drop(one.id);
    this.#entries.set(one.id, one);
    this.#numbers.set(keyOf(one.workload, one.name), one.id);
    this.#gone.delete(one.id);
    this.#next = after(one.id);
  }

  /** A line that is cut short or from elsewhere is none. */
  #replay(line: string): void {
    let parsed: z.output<typeof change>;
    try {
      parsed = change.parse(JSON.parse(line));
    } catch {
      return;
    }
    if ("set" in parsed) this.#take(parsed.set);
    else if ("remove" in parsed) this.#drop(parsed.remove);
    else this.#next = parsed.next;
  }

  #append(one: z.input<typeof change>): void {
    if (this.#torn) this.#rewrite();
    else if (this.#appended >= Math.max(maxAppended, 4 * this.#entries.size)) {
      this.#appended = 0;
      try {
        this.#rewrite();
      } catch {
        // There may be room for one more line, and later for all.
      }
    }
    this.#torn = true;
    appendFileSync(this.#file, `${JSON.stringify(one)}\n`, { mode: 0o600 });
    this.#torn = false;
    this.#appended++;
  }

  #rewrite(): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o755 });
    const unfinished = `${this.#file}.new`;
    const changes = [...this.all().map((set) => ({ set })), { next: this.#next }];
    writeFileSync(unfinished, changes.map((one) => `${JSON.stringify(one)}\n`).join(""), { mode: 0o600 });
    renameSync(unfinished, this.#file);
    this.#appended = 0;
    this.#torn = false;
  }
}

/** Neither has a slash in it. */
const keyOf = (workload: string, name: string): string => `${workload}/${name}`;

const after = (id: number): number => (id >= maxId ? 1 : id + 1);

/** A file that is missing is an empty one: secrets that the kernel still knows then get a name of their number. */
function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}
