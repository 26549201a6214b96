// SPDX-License-Identifier: Apache-2.0
// Attempts that the kernel folded: the first of an offender on a target came as an event, the others are a count. Here
// the count becomes one event a second at most, and is forgotten when the offender is gone.
import { type Event, EventFlag, type RepeatKey } from "../kernel/index.js";
import { abiVersion } from "../pipeline/index.js";

/** What this room needs of the kernel; Kernel has it. */
export interface RepeatSource {
  repeats(): { key: RepeatKey; repeated: bigint }[];
  forgetRepeat(key: RepeatKey): void;
  /** No process has that id. */
  isGone(tgid: number): boolean;
}

/** Sweeps without a new attempt after which an offender that is gone is forgotten. */
const quietSweeps = 5;
/** One that lives may be about to add to its count while it is taken away: only when it has long been quiet. */
const longQuietSweeps = 600;

/** First events that are kept as what the count is about; the kernel's own table takes 8192. */
const maxRemembered = 8192;

interface Known {
  reported: bigint;
  /** Its first event may still lie in the ring: waited for once. */
  waited: boolean;
  quiet: number;
}

const nameOf = (key: RepeatKey): string =>
  [key.vector, key.outcome, key.offenderTgid, key.offenderStartNs, key.targetTgid, key.targetStartNs].join();

const nameOfEvent = ({ vector, outcome, flags, offender, target }: Event): string => {
  const aimed = (flags & EventFlag.has_target) !== 0;
  const who = aimed ? [target.tgid, target.startBoottimeNs] : [0, 0];
  return [vector, outcome, offender.tgid, offender.startBoottimeNs, ...who].join();
};

export class Folding {
  readonly #source: RepeatSource;
  readonly #publish: (event: Event, count: number) => void;
  readonly #first = new Map<string, Event>();
  readonly #known = new Map<string, Known>();

  /** What was counted before belongs to the agent that was here then. */
  constructor(source: RepeatSource, publish: (event: Event, count: number) => void) {
    this.#source = source;
    this.#publish = publish;
    for (const { key, repeated } of source.repeats())
      this.#known.set(nameOf(key), { reported: repeated, waited: true, quiet: 0 });
  }

  remember(events: readonly Event[]): void {
    for (const event of events) {
      // The offender of a kill does not come back, and its attempt is not in the kernel's table.
      if ((event.flags & EventFlag.kill_wanted) !== 0) continue;
      if (this.#first.size < maxRemembered) this.#first.set(nameOfEvent(event), event);
    }
  }

  #isOver(quiet: number, { offenderTgid }: RepeatKey): boolean {
    return quiet >= longQuietSweeps || (quiet >= quietSweeps && this.#source.isGone(offenderTgid));
  }

  /** @param last nothing is put off */
  sweep(last = false): void {
    const present = new Set<string>();
    for (const { key, repeated } of this.#source.repeats()) {
      const name = nameOf(key);
      present.add(name);
      const known = this.#known.get(name) ?? { reported: 0n, waited: false, quiet: 0 };
      this.#known.set(name, known);
      const first = this.#first.get(name);
      if (repeated > known.reported) {
        if (first === undefined && !known.waited && !last) {
          known.waited = true;
          continue;
        }
        const event = first ?? eventOf(key);
        this.#publish({ ...event, flags: event.flags & ~EventFlag.kill_wanted }, Number(repeated - known.reported));
        known.reported = repeated;
        known.quiet = 0;
      } else if (this.#isOver(++known.quiet, key)) {
        this.#source.forgetRepeat(key);
        present.delete(name);
      }
    }
    for (const name of this.#known.keys()) {
      if (present.has(name)) continue;
      this.#known.delete(name);
      this.#first.delete(name);
    }
  }
}

/** All that is known when the first event was lost with a full ring. */
function eventOf(key: RepeatKey): Event {
  const nobody = {
    startBoottimeNs: 0n,
    cgroupId: 0n,
    exeIno: 0n,
    exeDev: 0,
    tgid: 0,
    tid: 0,
    ppid: 0,
    uid: 0,
    group: 0,
    comm: "",
  };
  return {
    timeNs: key.offenderStartNs, // not earlier than this; when exactly is lost
    arg: [0n, 0n, 0n, 0n],
    offender: { ...nobody, tgid: key.offenderTgid, tid: key.offenderTgid, startBoottimeNs: key.offenderStartNs },
    target: { ...nobody, tgid: key.targetTgid, tid: key.targetTgid, startBoottimeNs: key.targetStartNs },
    name: "",
    syscall: -1,
    error: 0,
    abi: abiVersion,
    vector: key.vector,
    door: 0,
    outcome: key.outcome,
    flags: key.targetTgid === 0 ? 0 : EventFlag.has_target,
  };
}
