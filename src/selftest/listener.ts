// SPDX-License-Identifier: Apache-2.0
// The events of our own attacks, out of the agent's stream. Others may be attacked at the same time, so all that is not
// ours is dropped as it comes: an event is ours if its offender is a child of ours, or of one of our attackers.

import { setTimeout as sleep } from "node:timers/promises";
import type { ControlClient } from "../control/client.js";
import type { EventReference } from "./result.js";

/** A stream that breaks more often is given up. */
const maxBreaks = 5;

/** After a break: as many as an agent keeps. */
const backlogAfterBreak = 1000;

export interface HeardEvent extends EventReference {
  vector: string;
  offender: { pid: number; ppid: number };
}

type EventSource = Pick<ControlClient, "events">;

export class Listener {
  readonly #source: EventSource;
  readonly #self: number;
  readonly #abort = new AbortController();
  readonly #attackers = new Set<number>();
  readonly #events = new Map<string, HeardEvent>();
  readonly #waiting = new Set<() => void>();
  #listening: Promise<void> | undefined;
  /** Times that the stream broke: what came meanwhile may be missing. */
  breaks = 0;
  /** Why the stream will not come back. */
  failure: unknown;

  /** @param self the process id that attackers have as their parent */
  constructor(source: EventSource, self: number = process.pid) {
    this.#source = source;
    this.#self = self;
  }

  start(): void {
    this.#listening ??= this.#listen();
  }

  /** Before the process can have done anything. */
  expect(pid: number): void {
    this.#attackers.add(pid);
  }

  /** Events of an attacker and its children, oldest first. */
  eventsOf(pids: readonly number[], vector: string): HeardEvent[] {
    return [...this.#events.values()].filter(
      (event) => event.vector === vector && (pids.includes(event.offender.pid) || pids.includes(event.offender.ppid)),
    );
  }

  /** true as soon as there is such an event, false if none comes in time or the stream is lost. */
  async wait(pids: readonly number[], vector: string, ms: number): Promise<boolean> {
    const there = (): boolean => this.eventsOf(pids, vector).length > 0;
    if (there()) return true;
    return new Promise((resolve) => {
      const look = (): void => {
        if (there()) settle(true);
        else if (this.failure !== undefined) settle(false);
      };
      const timer = setTimeout(() => settle(false), ms);
      const settle = (found: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#listening;
  }

  async #listen(): Promise<void> {
    let broken = 0;
    while (!this.#abort.signal.aborted) {
      try {
        const backlog = broken === 0 ? 0 : backlogAfterBreak;
        for await (const line of this.#source.events({ backlog, follow: true, signal: this.#abort.signal })) {
          this.#hear(line);
        }
        return;
      } catch (error) {
        this.breaks++;
        // An agent that is gone does not come back in our time.
        if (++broken < maxBreaks) {
          await sleep(100, undefined, { signal: this.#abort.signal }).catch(() => {});
          continue;
        }
        this.failure = error;
        for (const look of this.#waiting) look();
        return;
      }
    }
  }

  #hear(line: string): void {
    const event = ours(line);
    if (event === undefined || this.#events.has(event.id)) return;
    const { pid, ppid } = event.offender;
    // 0: the agent knows the number alone, because the first event of a series was lost.
    const attacker = this.#attackers.has(pid) && (ppid === this.#self || ppid === 0);
    if (!attacker && !this.#attackers.has(ppid)) return;
    this.#events.set(event.id, event);
    for (const look of this.#waiting) look();
  }
}

/** What is needed of an event; undefined for a line that is none. */
function ours(line: string): HeardEvent | undefined {
  let event: (Record<string, unknown> & { offender?: { pid?: unknown; ppid?: unknown } | null }) | null;
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    return undefined;
  }
  if (event === null) return undefined;
  const { id, seq, time, outcome, killed, error, vector, offender } = event;
  if (typeof id !== "string" || typeof vector !== "string" || typeof outcome !== "string") return undefined;
  if (typeof offender?.pid !== "number" || typeof offender.ppid !== "number") return undefined;
  return {
    id,
    seq: Number(seq),
    time: String(time),
    outcome,
    killed: killed === true,
    error: typeof error === "string" ? error : null,
    vector,
    offender: { pid: offender.pid, ppid: offender.ppid },
  };
}
