// SPDX-License-Identifier: Apache-2.0
// The chain of events and its signed checkpoints: at start, every minute, at stop. The guards do not depend on it: without
// a usable key the agent guards on, its checkpoints are unsigned, and it says so.
import { join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import {
  Chain,
  type Counts,
  type Memory,
  noLine,
  openSigner,
  type Remembered,
  recallHead,
  rememberHead,
  type Signer,
} from "../evidence/index.js";
import type { Log } from "../log/index.js";
import type { Notice } from "../pipeline/index.js";
import type { Outlets } from "../sinks/index.js";

/** A checkpoint is remembered when the sinks have had the time to write it, and have: what they lost with a crash cannot be
 *  asked for. */
const settleMs = 2_000;
/** Checkpoints that wait for a sink that stands still; more than these need not wait with them. */
const maxSettling = 64;

export type EvidenceSinks = Pick<Outlets, "mark" | "losses">;

export interface EvidenceStatus {
  /** 32 bytes in base64; null without a key. */
  publicKey: string | null;
  /** Why there is no key; "" if there is one. */
  reason: string;
  lastSeq: number;
  /** Of the last line. */
  head: string;
  lastCheckpoint: string | null;
}

export class Evidence {
  readonly chain: Chain;
  readonly #directory: string;
  readonly #memory: string;
  readonly #log: Log;
  readonly #announce: (notice: Notice) => void;
  /** Asked for when the first signature is due: the agent is ready by then. */
  #asked = false;
  #signer: Signer | undefined;
  #reason = "";
  /** How the run before ended. */
  readonly before: "stopped" | "crashed" | "unknown";
  readonly #recalled: Memory;
  /** What the kernel has lost, as far as it was told; undefined while nobody knows. Kept with the line that has it told: after
   *  a crash in between it is told twice, rather than never. */
  told: Counts | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** One for each checkpoint that is not remembered yet: they may come faster than they settle. */
  readonly #settling = new Set<NodeJS.Timeout>();
  #last: number | undefined;
  /** The last line that sinks had before they were closed. */
  #end: { seq: number; hash: string } | undefined;
  /** Number of the last line that is remembered. */
  #settled = 0;
  /** What the run before could not tell any more is not told yet. */
  #owes = true;
  readonly #sinks: EvidenceSinks;

  constructor(directory: string, announce: (notice: Notice) => void, log: Log, sinks: EvidenceSinks) {
    this.#sinks = sinks;
    this.#announce = announce;
    this.#log = log;
    this.#directory = directory;
    this.#memory = join(directory, "chain.json");
    this.#recalled = recallHead(this.#memory);
    const { head, crashed, told } = this.#recalled;
    this.before = crashed ? "crashed" : head === noLine ? "unknown" : "stopped";
    this.told = told;
    this.chain = new Chain(head);
  }

  /** (Re)starts the checkpoints. */
  every(seconds: number): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.checkpoint("interval"), seconds * 1000);
    this.#timer.unref();
  }

  checkpoint(reason: "start" | "interval" | "stop"): void {
    const signer = this.#key();
    if (reason === "start") {
      this.#remember(this.#found(), true);
      this.#tellBefore();
    }
    const before = reason === "start" ? { before: this.before } : {};
    // Signed sums: a line that tells of a loss may itself be lost, or be made up before a gap.
    const lost = Object.fromEntries([...this.#sinks.losses()].filter(([, count]) => count > 0));
    this.#announce({
      type: "CHECKPOINT",
      detail: { reason, ...before, ...lost, ...(signer === undefined ? {} : { key: signer.publicKey }) },
      ...(signer === undefined ? {} : { sign: signer.sign }),
    });
    this.#last = Date.now();
    if (reason === "stop") return;
    if (this.#settling.size >= maxSettling) return;
    const known = { ...this.chain.head, told: this.told };
    const passed = this.#sinks.mark();
    const look = (): void => {
      this.#settling.delete(settling);
      if (!passed()) {
        settling = setTimeout(look, settleMs).unref();
        this.#settling.add(settling);
      } else if (known.seq > this.#settled) {
        this.#settled = known.seq;
        this.#remember(known, true);
      }
    };
    let settling = setTimeout(look, settleMs).unref();
    this.#settling.add(settling);
  }

  #found() {
    const { head: hash, seq, told, untold } = this.#recalled;
    return { hash, seq, told, untold };
  }

  /** Signed by the first checkpoint, so that what is missing at the end of the run before is known for lost. */
  #tellBefore(): void {
    this.#owes = false;
    const { hash: head, seq, untold } = this.#found();
    const count = sumOf(untold);
    if (count === 0) return;
    this.#announce({ type: "EVENTS_LOST", count, detail: { run: "before", head, seq, ...untold } });
  }

  /** The last line, before the sinks are closed. */
  stop(): void {
    clearInterval(this.#timer);
    for (const settling of this.#settling) clearTimeout(settling);
    this.#settling.clear();
    if (this.chain.head.seq === 0) return;
    this.checkpoint("stop");
    // What still happens while the sinks are closed is in none of their logs: the next run must not follow on it.
    this.#end = this.chain.head;
  }

  /** After the sinks have written it. A start that came to nothing leaves what it found.
   *  @param untold what was lost since the last time that losses were told: the next run tells it */
  settle(untold: Counts = {}): void {
    if (this.#end === undefined) return;
    const all = { ...untold };
    if (this.#owes)
      for (const [reason, count] of Object.entries(this.#recalled.untold)) all[reason] = (all[reason] ?? 0) + count;
    this.#remember({ ...this.#end, told: this.told, untold: all }, false);
  }

  status(): EvidenceStatus {
    return {
      publicKey: this.#key()?.publicKey ?? null,
      reason: this.#reason,
      lastSeq: this.chain.head.seq,
      head: this.chain.head.hash,
      lastCheckpoint: this.#last === undefined ? null : new Date(this.#last).toISOString(),
    };
  }

  #key(): Signer | undefined {
    if (this.#asked) return this.#signer;
    this.#asked = true;
    try {
      this.#signer = openSigner(join(this.#directory, "evidence.key"));
    } catch (error) {
      this.#reason = error instanceof CloudtaserError ? error.message : reasonOf(error);
      this.#log.error("events go out unsigned", { error });
    }
    return this.#signer;
  }

  #remember(known: Omit<Remembered, "running">, running: boolean): void {
    try {
      rememberHead(this.#memory, { ...known, running });
    } catch (error) {
      this.#log.warn("the end of the chain could not be kept: the next run will not follow on this one", { error });
    }
  }
}

const sumOf = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
