// SPDX-License-Identifier: Apache-2.0
// Selftests of this agent: those that it makes by itself at an interval, over its own control socket as anybody else would,
// and the last result of any whole one, for the metrics.

import type { Config } from "../config/index.js";
import { ControlClient } from "../control/client.js";
import type { SelftestReport } from "../control/protocol.js";
import { CloudtaserError } from "../errors/index.js";
import { type Native, triggersPath } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import { defaultLock, keepEvidence, reportOf, runSelftest, type SelftestResult } from "../selftest/index.js";

export class Selftests {
  readonly #config: () => Config;
  readonly #native: Pick<Native, "peerCredentials">;
  readonly #log: Log;
  #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #seconds = 0;
  #running: Promise<void> | undefined;
  #last: SelftestReport | undefined;
  /** Those that this agent meant to make and could not, since its start. */
  failures = 0;

  constructor(config: () => Config, native: Pick<Native, "peerCredentials">, log: Log) {
    this.#config = config;
    this.#native = native;
    this.#log = log;
  }

  /** The last whole one; undefined for none since the start. */
  get last(): SelftestReport | undefined {
    return this.#last;
  }

  note(report: SelftestReport): { noted: boolean } {
    this.#last = report;
    return { noted: true };
  }

  /** (Re)starts the rounds with the interval of the configuration, if that is another one; the first is made at once, and
   *  one that runs is ended. */
  schedule(): void {
    const { interval } = this.#config().selftest;
    if (interval === this.#seconds) return;
    this.#seconds = interval;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#abort.abort();
    if (interval === 0) return;
    this.#timer = setInterval(() => this.#start(), interval * 1000);
    this.#timer.unref();
    this.#start();
  }

  /** Ends one that runs; resolves when its processes are gone. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await this.#running;
  }

  /** A round that outlasts the interval is not run twice; one that was told to end is waited for. */
  #start(): void {
    if (this.#running !== undefined && !this.#abort.signal.aborted) return;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const round = (this.#running ?? Promise.resolve()).then(() => this.#round(signal));
    this.#running = round;
    void round.then(() => {
      if (this.#running === round) this.#running = undefined;
    });
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { control, selftest } = this.#config();
    try {
      const client = new ControlClient({ socket: control.socket, native: async () => this.#native });
      const result = await runSelftest({ client, triggers: triggersPath(), lock: defaultLock, signal });
      this.note(reportOf(result));
      this.#say(result);
      keepEvidence(result, selftest);
    } catch (error) {
      if (signal.aborted) return;
      this.failures++;
      const busy = error instanceof CloudtaserError && error.code === "SELFTEST_RUNNING";
      this.#log[busy ? "warn" : "error"]("a selftest was not made, or its result not kept", { error });
    }
  }

  #say({ vectors, exitStatus }: SelftestResult): void {
    const named = (outcome: string): string[] =>
      vectors.filter((one) => one.outcome === outcome).map(({ vector }) => vector);
    const facts = {
      notStopped: named("not_stopped"),
      inconclusive: named("inconclusive"),
      observed: named("observed"),
    };
    if (exitStatus === 0) this.#log.info("selftest: every attack was refused", facts);
    else this.#log.error("selftest: not every attack was refused", facts);
  }
}
