// SPDX-License-Identifier: Apache-2.0
// What is known of each door: the canary's last word, and whether it was said of the doors as they stand now.
import { reasonOf } from "../errors/index.js";
import type { Canary, Proof } from "./canary.js";
import type { DoorName } from "./doors.js";

/** In one round, for which whoever asks for protection waits: each that hangs takes the patience with one answer. */
const mostCanaries = 2;

export class Proving {
  readonly #start: () => Promise<Canary>;
  readonly #takesUntried: boolean;
  readonly #proofs = new Map<DoorName, Proof>();
  /** Doors whose proof is of their present attachment. */
  readonly #current = new Set<DoorName>();
  /** Doors that the canary could try. */
  readonly #tried = new Set<DoorName>();
  #canary: Canary | undefined;
  #ended = false;
  /** When every attached door was last proved, ms since the epoch; undefined if never. */
  last: number | undefined;

  /** @param takesUntried a door that cannot be tried for want of a capability is taken as it stands */
  constructor(start: () => Promise<Canary>, takesUntried = false) {
    this.#start = start;
    this.#takesUntried = takesUntried;
  }

  of(door: DoorName): Proof | undefined {
    return this.#proofs.get(door);
  }

  /** Not proved, and taken as it stands. */
  untried(door: DoorName): boolean {
    return this.#takesUntried && this.#proofs.get(door)?.untried === true;
  }

  /** Proved since it was last attached, or not tried and taken so. */
  stands(door: DoorName): boolean {
    return this.#current.has(door) && (this.#proofs.get(door)?.proved === true || this.untried(door));
  }

  /** Makes every one of the doors act once. Never throws for a door that fails. */
  async prove(doors: readonly DoorName[]): Promise<void> {
    for (const proof of await this.#ask(doors)) {
      if (proof.tried) this.#tried.add(proof.door);
      this.#proofs.set(proof.door, this.#believed(proof));
      this.#current.add(proof.door);
    }
    if (doors.every((door) => this.stands(door))) this.last = Date.now();
  }

  /**
   * The canary may what the agent may, which loses nothing while it runs: who could try a door once can do it always, and
   * a door that fell silent is not excused.
   */
  #believed(proof: Proof): Proof {
    const { door, reason } = proof;
    if (!proof.untried || !this.#tried.has(door)) return proof;
    return { door, proved: false, reason: `${reason}, though it was tried before` };
  }

  /** A canary that ends takes the proof of one door along; the next one goes on behind that door. */
  async #ask(doors: readonly DoorName[]): Promise<Proof[]> {
    const proofs: Proof[] = [];
    try {
      for (let canaries = 0; proofs.length < doors.length; canaries++) {
        if (canaries === mostCanaries) throw new Error(`${canaries} of them ended in this round`);
        proofs.push(...(await (await this.#living()).prove(doors.slice(proofs.length))));
      }
      return proofs;
    } catch (error) {
      const reason = `no canary: ${reasonOf(error)}`;
      return [...proofs, ...doors.slice(proofs.length).map((door) => ({ door, proved: false, reason }))];
    }
  }

  async #living(): Promise<Canary> {
    if (this.#canary?.alive) return this.#canary;
    this.close();
    if (!this.#ended) {
      const canary = await this.#start();
      if (this.#ended) canary.close();
      else this.#canary = canary;
    }
    if (this.#canary === undefined) throw new Error("the agent is stopping");
    return this.#canary;
  }

  /** What was proved is remembered, but must be shown again. */
  forget(): void {
    this.#current.clear();
  }

  /** Ends the canary; the next proof starts another. */
  close(): void {
    this.#canary?.close();
    this.#canary = undefined;
  }

  /** For a stop: there is no next proof. Without this one that is under way would go on with another canary. */
  end(): void {
    this.#ended = true;
    this.close();
  }
}
