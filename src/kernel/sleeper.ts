// SPDX-License-Identifier: Apache-2.0
// How the doors wake and fall asleep. While they sleep nothing of ours is pinned, and called are only the doors that guard
// the agent itself and its maps; all is held by this process alone, and a crash then leaves nothing behind.
import type { DoorName } from "./doors.js";
import type { Sleeper } from "./idling.js";
import type { Proving } from "./proving.js";
import type { Standing } from "./standing.js";

/** Tasks are freed some time after their end (RCU); the kernel promises no bound, so this is patience, not a limit. */
const freeTimeoutMs = 10_000;

export interface SleeperKernel {
  protectedProcesses(): number;
  /** Whoever enters a certain control group is to be protected, or may not let a secret out, though nobody may be there. */
  awaited(): boolean;
  /** Why a door that sleeps would be missed although nothing is protected; undefined if none would. */
  whyAwake(): Promise<string | undefined>;
  /** Doors were attached, or are off: what they know of themselves and of devices is told anew. */
  changed(): void;
}

export class DoorSleeper implements Sleeper {
  readonly #standing: Standing;
  readonly #proving: Proving;
  readonly #kernel: SleeperKernel;
  /** nodeGuards: always */
  always = false;

  constructor(standing: Standing, proving: Proving, kernel: SleeperKernel) {
    this.#standing = standing;
    this.#proving = proving;
    this.#kernel = kernel;
  }

  get awake(): boolean {
    return this.#standing.awake;
  }

  /**
   * A door that is not proved is a fault that must stay visible and be tried again: it keeps the others awake. So do
   * registered secrets: what they are known by is pinned with doors that stand, and so outlives the agent.
   */
  isNeeded(): boolean {
    const wanted = this.always || this.#kernel.protectedProcesses() > 0 || this.#kernel.awaited();
    return wanted || this.#standing.doors.some((door) => !this.wasProved(door) && !this.#proving.untried(door));
  }

  async wake(): Promise<string[]> {
    if (this.#kernel.protectedProcesses() === 0) {
      // What was noted of open files may be said of others by now: while the doors sleep nobody keeps it up to date.
      const opened = this.#standing.maps.get("opened");
      for (const key of opened?.keys() ?? []) opened?.delete(key);
    }
    await this.attachMissing();
    const unproved = this.#standing.attached.filter((door) => !this.#proving.stands(door));
    if (unproved.length > 0) await this.#proving.prove(unproved);
    return this.#standing.doors.flatMap((door) => {
      if (this.#proving.stands(door)) return [];
      return [`door ${door}: ${this.#standing.failureOf(door)?.reason ?? this.#proving.of(door)?.reason}`];
    });
  }

  async attachMissing(): Promise<void> {
    const before = this.#standing.object;
    if (this.#standing.attach().length === 0 && this.#standing.object === before) return;
    // Another copy of the programs has taken over also where doors stood: it has proved nothing yet.
    if (this.#standing.object !== before) this.#proving.forget();
    try {
      this.#standing.pin();
    } catch (error) {
      // Guards that would end with the agent are less than was promised; while nothing is protected they go again.
      await this.#letGo(() => this.#kernel.protectedProcesses() === 0 && !this.#kernel.awaited());
      throw error;
    }
    this.#kernel.changed();
  }

  /**
   * Only the agent itself may be left in scope: with the doors off nobody takes out a task that ends, and the next
   * task at its address would inherit the entry.
   */
  async sleep(still: () => boolean): Promise<void> {
    this.#proving.close();
    const scope = this.#standing.maps.get("scope");
    const deadline = performance.now() + freeTimeoutMs;
    while ((scope?.keys().length ?? 0) > 1) {
      if (!still()) return;
      if (performance.now() >= deadline) throw new Error("tasks that have ended are still in scope");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const why = await this.#kernel.whyAwake();
    if (why !== undefined) throw new Error(why);
    await this.#letGo(still);
  }

  async #letGo(still: () => boolean): Promise<void> {
    await this.#standing.detach(still);
    this.#proving.forget();
    this.#kernel.changed();
  }

  /** At its last proof, whether or not it is attached now. */
  wasProved(door: DoorName): boolean {
    return this.#standing.failureOf(door) === undefined && this.#proving.of(door)?.proved === true;
  }
}
