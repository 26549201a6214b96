// SPDX-License-Identifier: Apache-2.0
// The repeated proof. An attach that once worked may be silenced at any time, so every door is made to act again, the
// switch that silences all of them is looked at, and restarted units are taken up.
import { enableFtrace, type Kernel, readKernelFacts } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import type { Scope } from "../scope/index.js";
import type { Notices } from "./notices.js";

/** At a start, which does not fail of it: the next round looks again. */
export function lookAtDevices(kernel: Pick<Kernel, "refreshDevices">, log: Pick<Log, "error">): void {
  try {
    kernel.refreshDevices();
  } catch (error) {
    log.error("the devices of swap and of drivers of user space are not all known", { error });
  }
}

export class Watch {
  readonly #kernel: Kernel;
  readonly #scope: Scope;
  readonly #notices: Notices;
  readonly #log: Log;
  readonly #also: { check: () => Promise<void>; proved: () => void };
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #scanning = false;
  /** Proofs that a door did not pass, since the start. */
  failures = 0;

  /** @param also check: part of each round; proved: called at the end of one, whatever it found */
  constructor(
    kernel: Kernel,
    scope: Scope,
    notices: Notices,
    log: Log,
    also: { check: () => Promise<void>; proved: () => void },
  ) {
    this.#kernel = kernel;
    this.#scope = scope;
    this.#notices = notices;
    this.#log = log;
    this.#also = also;
  }

  /** (Re)starts the rounds. */
  every(seconds: number): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#round(), seconds * 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #round(): Promise<void> {
    // A round that outlasts the interval is not run twice.
    if (this.#busy) return;
    this.#busy = true;
    try {
      if (readKernelFacts().ftraceEnabled === false) this.#notices.silenced(enableFtrace());
      await this.#kernel.prove();
      if (this.#timer === undefined) return;
      this.failures += this.#notices.look();
      await this.#try(() => this.#kernel.introduce());
      await this.#try(() => this.#also.check());
      void this.#rescan();
      if (!this.#kernel.idle) {
        await this.#try(() => this.#kernel.refreshDevices());
        // The pass also notes namespaces that protected processes have made since.
        await this.#try(() => void this.#kernel.list());
      }
      this.#also.proved();
    } catch (error) {
      this.#say(error);
    } finally {
      this.#busy = false;
    }
  }

  /** What fails keeps nothing else from its turn: who can make one look fail must not blind the others. */
  async #try(look: () => void | Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      this.#say(error);
    }
  }

  #say(error: unknown): void {
    if (this.#timer !== undefined) this.#log.error("the repeated check failed", { error });
  }

  /** Beside the rounds: whoever makes thousands of processes that have to be hardened does not put off the next proof. */
  async #rescan(): Promise<void> {
    if (this.#scanning) return;
    this.#scanning = true;
    try {
      await this.#scope.rescan();
    } catch (error) {
      if (this.#timer !== undefined) this.#log.error("the look at protected processes failed", { error });
    } finally {
      this.#scanning = false;
    }
  }
}
