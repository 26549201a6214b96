// SPDX-License-Identifier: Apache-2.0
// What the agent reports of itself. Each look compares with the one before: doors that were skipped or lost their
// proof, the preemption mode, what was lost on the way. A change is logged and becomes an event.
import type { Kernel } from "../kernel/index.js";
import type { Log } from "../log/index.js";
import type { Notice } from "../pipeline/index.js";
import type { Groups } from "../scope/index.js";
import { vectorEntry, vectorNames } from "../vectors/index.js";
import type { Evidence } from "./evidence.js";

/** What is looked at; Kernel has it. */
export type NoticeSource = Pick<
  Kernel,
  | "form"
  | "pinned"
  | "tookOver"
  | "kept"
  | "provedCount"
  | "unproven"
  | "doors"
  | "preemption"
  | "lookAtPreemption"
  | "losses"
>;

export interface NoticeOptions {
  kernel: NoticeSource;
  /** Records that this run lost in user space so far, by reason. */
  losses(): Record<string, number>;
  /** What the kernel has lost, as far as it was told: maps that were taken over come with the count, and what was lost while no
   *  agent read is in it. */
  memory: Pick<Evidence, "told">;
  /** Forks that were refused because their workload has its share of the places, since the maps were made. */
  refusedForks(): Record<string, number>;
  announce(notice: Notice): void;
  log: Log;
}

/** What carries them; Stream does. */
export interface NoticeStream {
  evidence: Pick<Evidence, "told">;
  losses(): Record<string, number>;
  announce(notice: Notice): void;
}

/** Vectors whose guards stand at a door; one without guards keeps the scope, on which all process vectors rest. */
export function vectorsAt(door: string): string[] {
  const own = vectorNames.filter((vector) => (vectorEntry(vector).doors as readonly string[]).includes(door));
  return own.length > 0 ? own : vectorNames.filter((vector) => vectorEntry(vector).scope !== "node");
}

/** Of the kernel's losses, those that are lost reports; the others say why something was refused. */
export const lossesOf = (kernel: Pick<Kernel, "losses">): Record<string, number> =>
  Object.fromEntries(
    kernel
      .losses()
      .filter(({ reason }) => reason === "ring_full")
      .map(({ reason, count }) => [reason, Number(count)]),
  );

const refusedForksOf = ({ losses }: Pick<Kernel, "losses">): number =>
  losses().reduce((sum, { reason, count }) => (reason === "share_full" ? sum + Number(count) : sum), 0);

export function createNotices(kernel: Kernel, stream: NoticeStream, groups: Groups, log: Log): Notices {
  const announce = (notice: Notice): void => stream.announce(notice);
  const refusedForks = () =>
    Object.fromEntries(groups.names().map((name) => [name, kernel.refusedForks(groups.numberOf(name) ?? 0)]));
  return new Notices({ kernel, memory: stream.evidence, losses: () => stream.losses(), refusedForks, announce, log });
}

export class Notices {
  readonly #options: NoticeOptions;
  readonly #misses = new Map<string, bigint>();
  readonly #proved = new Map<string, boolean>();
  #lost: Record<string, number>;
  /** Of all workloads together, and of each, at the last look. */
  #refused: { all: number; each: Record<string, number> };
  /** Doors were taken over, and nobody remembers what was told of their losses: all of it is told. */
  #sinceUnknown = false;
  #began = false;

  constructor(options: NoticeOptions) {
    this.#options = options;
    this.#lost = this.#toldBefore();
    this.#refused = { all: refusedForksOf(options.kernel), each: options.refusedForks() };
    for (const { door, proved } of options.kernel.doors) this.#proved.set(door, proved);
  }

  /** @param silenced ftrace was found off before the doors were attached */
  started(facts: { version: string; mode: string; ready: boolean; silenced: boolean }): void {
    const { kernel, log, announce } = this.#options;
    const { version, mode, ready } = facts;
    for (const { door, reason, untried, log: verifier } of kernel.doors.filter((one) => !one.proved)) {
      if (untried) log.warn("a door stands and is not tried", { door, reason });
      else log.error("a door is not proved", { door, reason, log: verifier.slice(-2000) });
    }
    const weak = kernel.doors.find(({ attached, soundness }) => attached && soundness !== "sound");
    if (weak) log.warn("the guards are not sound on this kernel", { form: kernel.form, soundness: weak.soundness });
    const proof = { doors: kernel.provedCount, unproved: kernel.unproven.length };
    log.info("guarding", {
      version,
      form: kernel.form,
      mode,
      ...proof,
      tookOver: kernel.tookOver,
      kept: kernel.kept,
      ready,
    });
    this.#began = true;
    if (facts.silenced) announce({ type: "GUARD_SILENCED", vectors: vectorNames, detail: { found: "at start" } });
    announce({
      type: kernel.tookOver ? "AGENT_TOOK_OVER" : "AGENT_STARTED",
      ...(weak ? { severity: "high" as const } : {}),
      detail: { version, mode, form: kernel.form, soundness: weak?.soundness ?? "sound", ...proof },
    });
    this.lookAtLosses();
  }

  silenced(restored: boolean): void {
    this.#options.log.error("kernel.ftrace_enabled was set to 0, which silences every guard; setting it back", {
      restored,
    });
    this.#options.announce({
      type: "GUARD_SILENCED",
      vectors: vectorNames,
      detail: { found: "while guarding", restored: restored ? "yes" : "no" },
    });
  }

  /** After each round of the canary, and once more at the stop. Returns how many doors are not proved. */
  look(): number {
    this.#lookAtPreemption();
    let failures = 0;
    for (const { door, proved, untried, reason, recursionMisses } of this.#options.kernel.doors) {
      if (!proved && !untried) failures++;
      if (!untried) this.#lookAtProof(door, proved, reason);
      this.#lookAtMisses(door, recursionMisses);
    }
    this.lookAtLosses();
    this.#lookAtShares();
    return failures;
  }

  /** Each is asked for only when there was any. */
  #lookAtShares(): void {
    const { kernel, log, announce, refusedForks } = this.#options;
    const all = refusedForksOf(kernel);
    if (all === this.#refused.all) return;
    const each = refusedForks();
    for (const [workload, refused] of Object.entries(each)) {
      const count = refused - (this.#refused.each[workload] ?? 0);
      if (count <= 0) continue;
      log.error("a workload has as many processes as there are places left: its forks are refused", {
        workload,
        count,
      });
      announce({ type: "WORKLOAD_FULL", count, detail: { workload } });
    }
    this.#refused = { all, each };
  }

  #toldBefore(): Record<string, number> {
    const { kernel, memory } = this.#options;
    if (!kernel.tookOver) return {};
    const now = lossesOf(kernel);
    const told = Object.entries(memory.told ?? {});
    // More than there is: that was told of other maps.
    this.#sinceUnknown = memory.told === undefined || told.some(([reason, count]) => count > (now[reason] ?? 0));
    return this.#sinceUnknown ? {} : Object.fromEntries(told);
  }

  lookAtLosses(): void {
    const { fresh, since } = this.#freshLosses();
    if (fresh.length === 0) return;
    const detail = { ...Object.fromEntries(fresh), ...since };
    this.#options.log.error("events were lost", detail);
    this.#options.announce({ type: "EVENTS_LOST", count: fresh.reduce((sum, [, count]) => sum + count, 0), detail });
  }

  /** What was lost since, once the sinks are closed: the next agent tells it. */
  untold(): Record<string, number> {
    const { fresh } = this.#freshLosses();
    const losses = Object.fromEntries(fresh);
    if (fresh.length > 0) this.#options.log.error("events were lost at the stop, which the next agent tells", losses);
    return losses;
  }

  #freshLosses(): { fresh: [string, number][]; since: { since?: string } } {
    const { kernel, memory, losses } = this.#options;
    const inKernel = lossesOf(kernel);
    const now = { ...losses(), ...inKernel };
    const fresh = Object.entries(now)
      .map(([reason, count]): [string, number] => [reason, count - (this.#lost[reason] ?? 0)])
      .filter(([, count]) => count > 0);
    const unknown = this.#sinceUnknown && fresh.some(([reason]) => reason in inKernel);
    this.#sinceUnknown = false;
    this.#lost = now;
    memory.told = inKernel;
    return { fresh, since: unknown ? { since: "unknown" } : {} };
  }

  /** What is not pinned cannot be left. */
  stopped(how: "leave" | "detach"): void {
    if (!this.#began) return;
    this.look();
    this.#options.announce({ type: "AGENT_STOPPED", detail: { doors: this.#options.kernel.pinned ? how : "detach" } });
  }

  #lookAtPreemption(): void {
    const { kernel, log, announce } = this.#options;
    const before = kernel.preemption;
    if (!kernel.lookAtPreemption()) return;
    const now = kernel.preemption;
    // Only fmod_ret rests on it; from there on every call may be one that is skipped.
    const weakened = kernel.form === "fmod_ret" && now.preempts && !before.preempts;
    const change = { before: before.mode, now: now.mode, form: kernel.form };
    log.warn("the preemption mode of the kernel was changed", { ...change, weakened });
    announce({
      type: "PREEMPTION_CHANGED",
      severity: weakened ? "critical" : kernel.form === "fmod_ret" ? "high" : "low",
      ...(weakened ? { vectors: vectorNames } : {}),
      detail: change,
    });
  }

  #lookAtProof(door: string, proved: boolean, reason: string): void {
    const { log, announce } = this.#options;
    if (!proved) log.error("a door is not proved", { door, reason });
    if (proved === this.#proved.get(door)) return;
    this.#proved.set(door, proved);
    const vectors = vectorsAt(door);
    if (proved) announce({ type: "GUARD_PROVED", door, vectors });
    else announce({ type: "GUARD_UNPROVED", door, vectors, detail: { reason } });
  }

  /** Each miss is a call that the kernel made without a guard. */
  #lookAtMisses(door: string, misses: bigint): void {
    const before = this.#misses.get(door) ?? 0n;
    // A program that was loaded anew counts from 0.
    const fresh = Number(misses < before ? misses : misses - before);
    this.#misses.set(door, misses);
    if (fresh <= 0) return;
    this.#options.log.error("a guard was skipped by the kernel", { door, count: fresh, total: misses });
    const detail = { total: misses.toString(), preemption: this.#options.kernel.preemption.mode };
    this.#options.announce({ type: "GUARD_SKIPPED", door, vectors: vectorsAt(door), count: fresh, detail });
  }
}
