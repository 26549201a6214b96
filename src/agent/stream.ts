// SPDX-License-Identifier: Apache-2.0
// From kernel records to sinks, the backlog and its subscribers: one pipeline and what stands at its end.
import { type Config, policyOf } from "../config/index.js";
import { Door, type Event, EventFlag, type Native, Outcome, Vector } from "../kernel/index.js";
import {
  abiNames,
  createBootClock,
  createFacts,
  createPipeline,
  createProcReader,
  type Notice,
  type Pipeline,
  readBootId,
} from "../pipeline/index.js";
import { createFileSink, createStdoutSink, type Sink } from "../sinks/index.js";
import { Backlog } from "./backlog.js";
import { Folding, type RepeatSource } from "./folding.js";
import { createKiller } from "./killer.js";

/** What an orderly stop waits for a sink. */
const sinkTimeoutMs = 5_000;

/** How often folded attempts become an event. */
const sweepMs = 1_000;

export class Stream {
  readonly backlog = new Backlog();
  readonly sinks: Sink[] = [];
  readonly #pipeline: Pipeline;
  #folding: Folding | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Records of the wrong size. */
  malformed = 0;

  /** Opens the sinks; throws EVENTS_FILE_UNWRITABLE. */
  constructor(config: () => Config, native: Native, workloadOf: (group: number) => string) {
    const { stdout, file } = config().events;
    if (stdout) this.sinks.push(createStdoutSink());
    if (file) this.sinks.push(createFileSink(file.path));
    this.#pipeline = createPipeline(
      {
        abi: abiNames({ Vector, Door, Outcome, EventFlag }),
        node: config().nodeName,
        boot: readBootId(),
        clock: createBootClock(),
        facts: createFacts(createProcReader({})),
        workloadOf: (group) => (group === 0 ? undefined : workloadOf(group)),
        modeOf: (vector) => policyOf(config(), vector).mode,
        kill: createKiller(native),
      },
      (_event, line) => this.#publish(line),
    );
  }

  /** An event of the agent's own. */
  announce(notice: Notice): void {
    this.#publish(this.#pipeline.announce(notice));
  }

  /** Records that got as far as user space and were lost here, by reason. */
  losses(): Record<string, number> {
    const dropped = new Map<string, number>(Object.entries(this.#pipeline.stats.dropped));
    dropped.set("malformed", this.malformed);
    for (const { name, stats } of this.sinks) {
      for (const [reason, count] of Object.entries(stats.dropped)) dropped.set(`${name}_${reason}`, count);
    }
    return Object.fromEntries(dropped);
  }

  #publish(line: string): void {
    for (const sink of this.sinks) sink.write(line);
    this.backlog.push(line.trimEnd());
  }

  take(events: Event[], malformed: number): void {
    this.malformed += malformed;
    this.#folding?.remember(events);
    this.#pipeline.process(events);
  }

  /** From now on what the kernel folds is reported too. */
  follow(source: RepeatSource): void {
    const folding = new Folding(source, (event, count) => this.#pipeline.process([event], count));
    this.#folding = folding;
    this.#timer = setInterval(() => folding.sweep(), sweepMs);
    this.#timer.unref();
  }

  get stats(): Pipeline["stats"] {
    return this.#pipeline.stats;
  }

  reopen(): void {
    for (const sink of this.sinks) sink.reopen();
  }

  /** Reports what is still counted, then waits for the sinks. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#folding?.sweep(true);
    await Promise.all(this.sinks.map((sink) => sink.close(sinkTimeoutMs)));
  }
}
