// SPDX-License-Identifier: Apache-2.0
// From kernel records to sinks, the backlog and its subscribers: one pipeline and what stands at its end.
import { type Config, policyOf } from "../config/index.js";
import {
  Door,
  type Event,
  EventFlag,
  LeakEncoding,
  LeakPlace,
  LeakReason,
  LeakSink,
  type Native,
  Outcome,
  Vector,
} from "../kernel/index.js";
import type { Log } from "../log/index.js";
import {
  abiNames,
  createBootClock,
  createFacts,
  createPipeline,
  createProcReader,
  type Notice,
  type Pipeline,
  type PodOf,
  readBootId,
} from "../pipeline/index.js";
import { Outlets } from "../sinks/index.js";
import { Backlog } from "./backlog.js";
import { Evidence } from "./evidence.js";
import { Folding, type RepeatSource } from "./folding.js";
import { createKiller } from "./killer.js";

/** What an orderly stop waits for a sink. */
const sinkTimeoutMs = 5_000;

/** How often folded attempts become an event. */
const sweepMs = 1_000;

export interface StreamParts {
  config: () => Config;
  native: Native;
  workloadOf: (group: number) => string;
  secretOf: (id: number) => string | undefined;
  /** What an orchestrator knows of processes. */
  podOf?: PodOf;
  log: Log;
}

export class Stream {
  readonly backlog = new Backlog();
  readonly outlets: Outlets;
  readonly evidence: Evidence;
  readonly #pipeline: Pipeline;
  #folding: Folding | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Records of the wrong size. */
  malformed = 0;
  readonly #log: Log;
  #failuresTold = 0;

  /** Opens the sinks; throws EVENTS_FILE_UNWRITABLE. */
  static async open(parts: StreamParts): Promise<Stream> {
    return new Stream(parts, await Outlets.open(parts.config()));
  }

  private constructor(
    { config, native, workloadOf, secretOf, podOf = () => undefined, log }: StreamParts,
    outlets: Outlets,
  ) {
    this.outlets = outlets;
    this.#log = log;
    this.evidence = new Evidence(config().stateDirectory, (notice) => this.announce(notice), log, outlets);
    this.#pipeline = createPipeline(
      {
        sequence: this.evidence.chain,
        abi: abiNames({ Vector, Door, Outcome, EventFlag, LeakEncoding, LeakPlace, LeakReason, LeakSink }),
        node: config().nodeName,
        boot: readBootId(),
        clock: createBootClock(),
        facts: createFacts(createProcReader({}), { podOf }),
        workloadOf: (group) => (group === 0 ? undefined : workloadOf(group)),
        secretOf,
        modeOf: (vector) => policyOf(config(), vector).mode,
        kill: createKiller(native),
      },
      (event, line) => {
        this.outlets.publish(event, line);
        this.backlog.push(event, line.trimEnd());
      },
    );
  }

  /** An event of the agent's own. */
  announce(notice: Notice): void {
    this.#pipeline.announce(notice);
  }

  /** Records that got as far as user space and were lost here, by reason. */
  losses(): Record<string, number> {
    const dropped = new Map<string, number>(Object.entries(this.#pipeline.stats.dropped));
    dropped.set("malformed", this.malformed);
    return Object.fromEntries([...dropped, ...this.outlets.losses()]);
  }

  take(events: Event[], malformed: number): void {
    this.malformed += malformed;
    this.#folding?.remember(events);
    this.#pipeline.process(events);
    this.#tellFailure();
  }

  /** The first record that came to nothing for a fault of ours, and then each time that they are more than twice as many. */
  #tellFailure(): void {
    const { dropped, lastFailure } = this.stats;
    if (dropped.failed <= this.#failuresTold * 2) return;
    this.#failuresTold = dropped.failed;
    this.#log.error("a record of the kernel could not be made an event", { lost: dropped.failed, error: lastFailure });
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
    this.outlets.reopen();
  }

  /** Reports what is still counted, signs, then waits for the sinks.
   *  @param untold asked when they are closed: what was lost and not told */
  async close(untold: () => Record<string, number> = () => ({})): Promise<void> {
    clearInterval(this.#timer);
    this.#folding?.sweep(true);
    this.evidence.stop();
    await this.outlets.close(sinkTimeoutMs);
    this.evidence.settle(untold());
  }
}
