// SPDX-License-Identifier: Apache-2.0
// The repeated proof. An attach that once worked may be silenced at any time, so every door is made to act again, the
// switch that silences all of them is looked at, and restarted units are taken up.
import { enableFtrace, type Kernel, readKernelFacts } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import type { Scope } from "../scope/index.js";

export class Watch {
  readonly #kernel: Kernel;
  readonly #scope: Scope;
  readonly #log: Log;
  readonly #onProof: () => void;
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #misses = 0n;
  /** Proofs that a door did not pass, since the start. */
  failures = 0;

  /** @param onProof called after each round, whatever it found */
  constructor(kernel: Kernel, scope: Scope, log: Log, onProof: () => void) {
    this.#kernel = kernel;
    this.#scope = scope;
    this.#log = log;
    this.#onProof = onProof;
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
      if (readKernelFacts().ftraceEnabled === false) {
        this.#log.error("kernel.ftrace_enabled was set to 0, which silences every guard; setting it back", {
          restored: enableFtrace(),
        });
      }
      await this.#kernel.prove();
      if (this.#timer === undefined) return;
      for (const door of this.#kernel.doors.filter((one) => !one.proved)) {
        this.failures++;
        this.#log.error("a door is not proved", { door: door.door, reason: door.reason });
      }
      await this.#scope.rescan();
      if (!this.#kernel.idle) {
        this.#lookForMisses();
        this.#kernel.refreshDevices();
        this.#kernel.list(); // the pass also notes namespaces that protected processes have made since
      }
      this.#onProof();
    } catch (error) {
      if (this.#timer !== undefined) this.#log.error("the repeated check failed", { error });
    } finally {
      this.#busy = false;
    }
  }

  /** Each miss is a call that the kernel made without a guard. */
  #lookForMisses(): void {
    const misses = this.#kernel.doors.reduce((sum, door) => sum + door.recursionMisses, 0n);
    if (misses > this.#misses) {
      this.#log.error("guards were skipped by a preempting kernel", { now: misses, before: this.#misses });
    }
    this.#misses = misses;
  }
}
