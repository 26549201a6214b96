// SPDX-License-Identifier: Apache-2.0
// What the service manager is told (sd_notify): ready only when every door is proved, reloading, stopping, and that the
// loop turns. Without $NOTIFY_SOCKET nothing is told.

import { reasonOf } from "../errors/index.js";
import type { Native } from "../kernel/index.js";
import type { Log } from "../log/index.js";

/** Between two signs of life where the manager asks for none: it still waits for the start's end. */
const signOfLifeMs = 30_000;

/** Longest text that systemctl shows in a line. */
const longestStatus = 200;

export interface ManagerParts {
  native: Pick<Native, "notify">;
  log: Log;
  env: Readonly<Record<string, string | undefined>>;
  pid: number;
}

/** Milliseconds between two signs of life: half of what the manager waits; undefined if it does not wait for us. */
export function watchdogMs({ env, pid }: Pick<ManagerParts, "env" | "pid">): number | undefined {
  const usec = Number(env["WATCHDOG_USEC"] ?? Number.NaN);
  const meant = env["WATCHDOG_PID"] === undefined || env["WATCHDOG_PID"] === String(pid);
  return meant && Number.isFinite(usec) && usec > 0 ? Math.max(1, usec / 2000) : undefined;
}

export class ServiceManager {
  readonly #parts: ManagerParts;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #ready = false;
  #stopping = false;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  /** From now on the manager is told that the event loop turns: nothing else, a dead receiver of events is no reason to
   *  restart. Nor are doors that are not proved: who ended the agent for them would end those that are, so it is to wait. */
  watch(): void {
    const watchdog = watchdogMs(this.#parts);
    const every = watchdog ?? signOfLifeMs;
    const alive = (): void => {
      if (watchdog !== undefined) this.#send("WATCHDOG=1");
      if (!this.#ready && !this.#stopping) this.#send(`EXTEND_TIMEOUT_USEC=${Math.ceil(every * 3000)}`);
    };
    this.#timer = setInterval(alive, every);
    this.#timer.unref();
    alive();
  }

  /**
   * Guards that stand are what a start is for: what else is missing is only told, since a manager that waits for a
   * stranger (an API server) would end the agent, and the guards with it.
   * @param reasons why the guards do not stand; [] if they do
   */
  state(reasons: readonly string[], mode: string, missing: readonly string[] = []): void {
    const guarding = [`guarding in ${mode} mode`, ...missing.slice(0, 1)].join("; ");
    const status = reasons.length === 0 ? guarding : `not ready: ${reasons[0]}`;
    this.#ready ||= reasons.length === 0;
    this.#send(`${reasons.length === 0 ? "READY=1\n" : ""}STATUS=${oneLine(status)}`);
  }

  /** Until the next READY=1, which comes also if the configuration is refused: the old one is in force then. */
  reloading(): void {
    if (!this.#ready) return;
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}\nSTATUS=loading the configuration`);
  }

  reloaded(refused: boolean, mode: string): void {
    if (!this.#ready || this.#stopping) return;
    const what = refused ? "the new configuration was refused, the old one is in force" : `guarding in ${mode} mode`;
    this.#send(`READY=1\nSTATUS=${what}`);
  }

  stopping(): void {
    this.#stopping = true; // a stop that hangs is not to be waited for
    this.#send("STOPPING=1\nSTATUS=stopping");
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #send(text: string): void {
    try {
      this.#parts.native.notify(text);
      this.#failed = false;
    } catch (error) {
      // Once: a manager that is gone stays so.
      if (!this.#failed) this.#parts.log.warn("the service manager was not reached", { reason: reasonOf(error) });
      this.#failed = true;
    }
  }
}

/** A reason may quote what others chose: it must not become a line of its own. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, longestStatus);
