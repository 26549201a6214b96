// SPDX-License-Identifier: Apache-2.0
// All sinks of the agent, as its configuration has them: each event to those whose filter takes it. A new configuration
// changes only the sinks that it changes.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config, SinkConfig } from "../config/index.js";
import { type AnyEvent, type EventFilter, eventFilter } from "../formats/index.js";
import { loadSink, type Opener } from "./build.js";
import { dropReasons, Entry, type Sink, type SinkDropReason, type SinkStats } from "./sink.js";

export interface SinkReport {
  name: string;
  kind: "stdout" | "file" | "syslog" | "http";
  format: string;
  spoolMaxBytes: number;
  stats: Readonly<SinkStats>;
}

/** Sinks that are open and not yet in use: one of the two must be called. */
export interface Switch {
  commit(): void;
  abandon(): void;
}

interface Outlet {
  config: SinkConfig;
  filter: EventFilter;
  sink: Sink;
}

/** What sinks need of the configuration. */
export type OutletsConfig = Pick<Config, "events" | "sinks" | "stateDirectory">;

/** What a sink that lets go waits for. */
const letGoMs = 5_000;
/** To put away what the timeout left. */
const graceMs = 500;

const plain = {
  format: "native" as const,
  filter: { minSeverity: "info" as const },
  queue: { maxEvents: 16_384, maxBytes: 16 * 1024 * 1024 },
  spool: { maxBytes: 0 },
};

/** events.stdout and events.file are sinks too. */
export function sinkConfigs({ events, sinks }: OutletsConfig): SinkConfig[] {
  const { stdout, file } = events;
  return [
    ...(stdout ? [{ ...plain, name: "stdout", stdout: true as const }] : []),
    ...(file ? [{ ...plain, name: "file", file }] : []),
    ...sinks,
  ];
}

const kindOf = ({ stdout, file, syslog }: SinkConfig): SinkReport["kind"] =>
  stdout ? "stdout" : file ? "file" : syslog ? "syslog" : "http";

/** Lines of text go where they lie from then on: only what is sent has a spool. */
const spools = ({ syslog, http, spool }: SinkConfig): boolean => Boolean(syslog ?? http) && spool.maxBytes > 0;

const same = (one: SinkConfig, other: SinkConfig): boolean => JSON.stringify(one) === JSON.stringify(other);

export class Outlets {
  #outlets: Outlet[] = [];
  #letGo: Promise<unknown> = Promise.resolve();
  /** Until the last change is made or given up: two at once would each open what the other opens. */
  #changing: Promise<void> = Promise.resolve();
  readonly #closing = new Set<Outlet>();
  /** Losses of sinks that are gone. */
  readonly #before = new Map<string, number>();

  /** Throws EVENTS_FILE_UNWRITABLE; nothing stays open then. */
  static async open(config: OutletsConfig): Promise<Outlets> {
    const outlets = new Outlets();
    (await outlets.prepare(config)).commit();
    return outlets;
  }

  /** Opens what is new, after any other change is through. Throws EVENTS_FILE_UNWRITABLE: then nothing has changed. */
  async prepare(config: OutletsConfig): Promise<Switch> {
    const before = this.#changing;
    let through = (): void => {};
    this.#changing = new Promise((resolve) => (through = resolve));
    try {
      const wanted = sinkConfigs(config);
      const openers = await Promise.all(wanted.map((one) => loadSink(one, `${config.stateDirectory}/spool`)));
      await before;
      const { commit, abandon } = this.#open(wanted, openers);
      return {
        commit: () => {
          commit();
          through();
        },
        abandon: () => {
          abandon();
          through();
        },
      };
    } catch (error) {
      void before.then(through);
      throw error;
    }
  }

  #open(wanted: readonly SinkConfig[], openers: readonly Opener[]): Switch {
    const kept = this.#outlets.filter((one) => wanted.some((other) => same(one.config, other)));
    const gone = this.#outlets.filter((one) => !kept.includes(one));
    let release = (): void => {};
    // A new sink may be on the file or spool of one that goes.
    const after = gone.length === 0 ? this.#letGo : new Promise<void>((resolve) => (release = resolve));
    const opened: Outlet[] = [];
    const abandon = (): void => {
      for (const { sink } of opened) void sink.close(0);
      release();
    };
    try {
      for (const [index, open] of openers.entries()) {
        const one = wanted[index];
        if (one === undefined || kept.some((other) => same(one, other.config))) continue;
        opened.push({ config: one, filter: eventFilter(one.filter), sink: open(after) });
      }
    } catch (error) {
      abandon();
      throw error;
    }
    const commit = (): void => {
      const all = [...kept, ...opened];
      this.#outlets = wanted.flatMap((one) => all.filter((other) => same(one, other.config)));
      if (gone.length === 0) return;
      this.#letGo = Promise.all([this.#letGo, ...gone.map((one) => this.#close(one, letGoMs))]);
      void this.#letGo.then(release);
    };
    return { commit, abandon };
  }

  publish(event: AnyEvent, line: string): void {
    const entry = Entry.of(event, line);
    for (const { filter, sink } of this.#outlets) if (filter(event)) sink.write(entry);
  }

  reports(): SinkReport[] {
    return this.#outlets.map(({ config, sink }) => ({
      name: config.name,
      kind: kindOf(config),
      format: config.format,
      spoolMaxBytes: config.spool.maxBytes,
      stats: sink.stats,
    }));
  }

  /** Lost events by "SINK_REASON", also of sinks that are gone. */
  losses(): Map<string, number> {
    const losses = new Map(this.#before);
    for (const { sink } of [...this.#outlets, ...this.#closing]) addLosses(losses, sink);
    return losses;
  }

  /** Asked later: whether all that sinks without a spool were given up to now has left them, delivered or counted as lost. What
   *  waits only in memory is gone with the process. */
  mark(): () => boolean {
    const left = ({ delivered, dropped }: SinkStats): number =>
      dropReasons.reduce((sum, reason) => sum + dropped[reason], delivered);
    const waiting = [...this.#outlets, ...this.#closing]
      .filter(({ config, sink }) => !spools(config) && sink.stats.queued > 0)
      .map(({ sink: { stats } }) => ({ stats, goal: left(stats) + stats.queued }));
    return () => waiting.every(({ stats, goal }) => left(stats) >= goal);
  }

  reopen(): void {
    for (const { sink } of this.#outlets) sink.reopen();
  }

  /** For good, and in little more than timeoutMs, whatever hangs. */
  async close(timeoutMs: number): Promise<void> {
    const open = new Set([...this.#outlets, ...this.#closing]);
    const closed = this.#outlets.map(async (one) => {
      await one.sink.close(timeoutMs);
      open.delete(one);
    });
    const enough = new AbortController();
    const late = sleep(timeoutMs + graceMs, true, { signal: enough.signal }).catch(() => false);
    const isLate = await Promise.race([Promise.all([this.#letGo, ...closed]).then(() => false), late]);
    enough.abort();
    // A disk that never answers must not keep the node's agent from its end.
    if (isLate) for (const { sink } of open) sink.abandon?.();
  }

  async #close(outlet: Outlet, timeoutMs: number): Promise<void> {
    this.#closing.add(outlet);
    await outlet.sink.close(timeoutMs);
    this.#closing.delete(outlet);
    addLosses(this.#before, outlet.sink);
  }
}

function addLosses(losses: Map<string, number>, { name, stats }: Sink): void {
  for (const reason of dropReasons satisfies readonly SinkDropReason[]) {
    const key = `${name}_${reason}`;
    losses.set(key, (losses.get(key) ?? 0) + stats.dropped[reason]);
  }
}
