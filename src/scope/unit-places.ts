// SPDX-License-Identifier: Apache-2.0
// Where the control groups of units are. A unit that is started again comes where it was, most of the time, and asking
// systemd takes longer than a service needs to start: so what is known is taken at once, and systemd is asked behind it. A
// directory at the old place proves nothing: root can make one, and start the unit in another slice.
import { setTimeout as wait } from "node:timers/promises";
import type { Hierarchy } from "./hierarchy.js";
import { cgroupOfUnit } from "./targets.js";

export interface UnitPlacesParts {
  hierarchy: () => Hierarchy;
  /** A unit is where it was not known to be. */
  onMoved: () => void | Promise<void>;
  /** For tests; the product asks systemd. Throws for one that does not run. */
  ask?: ((unit: string) => Promise<string>) | undefined;
  restMs?: number | undefined;
}

/** From one round of questions to the next, however often something appears. */
const restMs = 1000;
/** Each question is a process: of the time, these take a tenth at most. */
const restOfRound = 9;
/** A manager that hangs uses no processor: what it may say next is not put off for longer. */
const longestRestMs = 10_000;

export class UnitPlaces {
  readonly #hierarchy: () => Hierarchy;
  readonly #onMoved: () => void | Promise<void>;
  readonly #askSystemd: (unit: string) => Promise<string>;
  readonly #restMs: number;
  /** What systemd said last comes first; the others were said before, and a group is there. */
  readonly #places = new Map<string, string[]>();
  #due: ReadonlySet<string> = new Set();
  #running = false;
  #closed = false;

  constructor(parts: UnitPlacesParts) {
    this.#hierarchy = parts.hierarchy;
    this.#onMoved = parts.onMoved;
    this.#askSystemd = parts.ask ?? cgroupOfUnit;
    this.#restMs = parts.restMs ?? restMs;
  }

  /** Where it was, whether a group is there or not; [] if nobody has asked yet. */
  of(unit: string): readonly string[] {
    return this.#places.get(unit) ?? [];
  }

  /** Those of them where a group is. */
  taken(unit: string): string[] {
    return this.of(unit).filter((path) => this.#hierarchy().find(path) !== undefined);
  }

  /** Returns whether it is where it was not known to be. Throws UNIT_MISSING, and what was known stays. */
  async ask(unit: string): Promise<boolean> {
    const path = this.#hierarchy().insideOf(await this.#askSystemd(unit));
    const isNew = !this.of(unit).includes(path);
    this.#places.set(unit, [path, ...this.taken(unit).filter((known) => known !== path)]);
    return isNew;
  }

  /** Asks for all of them behind the caller, one after the other. */
  lookAfter(units: ReadonlySet<string>): void {
    this.#due = units;
    if (this.#running) return;
    this.#running = true;
    void this.#rounds();
  }

  close(): void {
    this.#closed = true;
  }

  /** What comes up while one round runs or rests is looked at in the next, so that the last change is never missed. */
  async #rounds(): Promise<void> {
    while (this.#due.size > 0 && !this.#closed) {
      const units = this.#due;
      this.#due = new Set();
      const began = performance.now();
      for (const unit of units) await this.#look(unit);
      const rest = Math.max(this.#restMs, (performance.now() - began) * restOfRound);
      await wait(Math.min(rest, longestRestMs), undefined, { ref: false });
    }
    this.#running = false;
  }

  async #look(unit: string): Promise<void> {
    if (this.#closed) return;
    try {
      if ((await this.ask(unit)) && !this.#closed) await this.#onMoved();
    } catch {
      // it is stopped, or systemd does not answer: the next round asks again
    }
  }
}
