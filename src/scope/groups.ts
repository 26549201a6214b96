// SPDX-License-Identifier: Apache-2.0
// Names of workloads and the group numbers by which the kernel knows them. Kept in a file beside the control socket, so
// that an agent that takes over standing doors still knows what its predecessor protected.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { reasonOf } from "../errors/index.js";

/** Below the numbers of the canary; 0 is "no group". */
const maxGroup = 0xffff_ff00;

export class Groups {
  readonly #file: string;
  readonly #byName = new Map<string, number>();
  readonly #byNumber = new Map<number, string>();
  /** The number that was given out last: one that was forgotten comes again only when all others were given out. */
  #last = 0;
  /** Numbers that nobody used at the last look. */
  #unused = new Set<number>();
  /** What the numbers leave when divided by `slots`. */
  #taken = new Set<number>();
  readonly #slots: number;
  /** Why what is kept is not what is known; "" if it is. */
  #problem = "";

  /** @param slots places of a table in which the kernel counts for each: as long as there are others, no two have one */
  constructor(file: string, slots = maxGroup) {
    this.#file = file;
    this.#slots = slots;
    for (const [name, number] of Object.entries(readNames(file))) this.#set(name, number);
  }

  /** Why the next agent would not know all names; "" if it would. */
  get problem(): string {
    return this.#problem;
  }

  nameOf(group: number): string {
    return this.#byNumber.get(group) ?? `group-${group}`;
  }

  numberOf(name: string): number | undefined {
    return this.#byName.get(name);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  /** The number of a name, made up and kept if it is new. */
  ensure(name: string): number {
    this.ensureAll([name]);
    return this.#byName.get(name) ?? 0;
  }

  /** All at once: the file is written once. */
  ensureAll(names: Iterable<string>): void {
    const before = this.#byName.size;
    for (const name of names) if (!this.#byName.has(name)) this.#set(name, this.#next());
    if (this.#byName.size !== before) this.#save();
  }

  /** Forgets the names of numbers that nobody uses now, nor did at the call before: what is in the ring then is read by now. */
  prune(inUse: ReadonlySet<number>): void {
    const unused = [...this.#byNumber.keys()].filter((number) => !inUse.has(number));
    const again = new Set(unused.filter((number) => this.#unused.has(number)));
    this.#unused = new Set(unused);
    if (this.#problem !== "") this.#save();
    if (again.size > 0) this.keepOnly(new Set([...this.#byNumber.keys()].filter((number) => !again.has(number))));
  }

  /** Takes the numbers of groups that are protected under names that were lost, so that nobody new joins them. */
  reserve(groups: ReadonlySet<number>): void {
    for (const group of groups) if (!this.#byNumber.has(group)) this.#set(`group-${group}`, group);
    if (groups.size > 0) this.#save();
  }

  /** Forgets every name but those of the given groups. */
  keepOnly(groups: ReadonlySet<number>): void {
    const before = this.#byName.size;
    for (const [name, number] of [...this.#byName]) {
      if (groups.has(number)) continue;
      this.#byName.delete(name);
      this.#byNumber.delete(number);
    }
    this.#taken = new Set([...this.#byNumber.keys()].map((number) => number % this.#slots));
    if (this.#byName.size !== before) this.#save();
  }

  #next(): number {
    do this.#last = this.#last + 1 < maxGroup ? this.#last + 1 : 1;
    while (this.#byNumber.has(this.#last) || this.#sharesSlot(this.#last));
    return this.#last;
  }

  #sharesSlot(number: number): boolean {
    return this.#taken.size < this.#slots && this.#taken.has(number % this.#slots);
  }

  #set(name: string, number: number): void {
    this.#taken.add(number % this.#slots);
    this.#last = Math.max(this.#last, number);
    this.#byName.set(name, number);
    this.#byNumber.set(number, name);
  }

  /** A name that cannot be kept is no reason to leave its workload open: it is tried again with the next change or look. */
  #save(): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o755 });
      const unfinished = `${this.#file}.new`;
      writeFileSync(unfinished, `${JSON.stringify(Object.fromEntries(this.#byName))}\n`, { mode: 0o600 });
      renameSync(unfinished, this.#file);
      this.#problem = "";
    } catch (error) {
      this.#problem = reasonOf(error);
    }
  }
}

/** A file that is missing or damaged is an empty one; reserve() keeps the numbers that are in use from being given out again. */
function readNames(file: string): Record<string, number> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter(([, n]) => Number.isInteger(n) && (n as number) > 0 && (n as number) < maxGroup),
    ) as Record<string, number>;
  } catch {
    return {};
  }
}
