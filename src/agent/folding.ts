// SPDX-License-Identifier: Apache-2.0
// Attempts that the kernel folded: the first of an offender on a target came as an event, the others are a count. Here
// the count becomes one event a second at most, and is forgotten when the offender or the target is gone.
import { type Event, EventFlag, type RepeatKey, Vector } from "../kernel/index.js";
import { abiVersion } from "../pipeline/index.js";

/** What this room needs of the kernel; Kernel has it. */
export interface RepeatSource {
  repeats(): { key: RepeatKey; repeated: bigint }[];
  forgetRepeat(key: RepeatKey): void;
  /** No process has that id. */
  isGone(tgid: number): boolean;
}

/** Sweeps without a new attempt after which what an offender tried is forgotten, if he or the target is gone. */
const quietSweeps = 5;
/** One that lives may be about to add to its count while it is taken away: only when it has long been quiet. */
const longQuietSweeps = 600;

/** First events that are kept as what the count is about; the kernel's own table takes 8192. */
const maxRemembered = 8192;

/** Entries that are looked at, or told, in one turn of the event loop. */
const perTurn = 64;

/** (uid_t)-1, which no process has: unknown, as the kernel itself writes it. Zero would be root. */
const noUid = 0xffff_ffff;

interface Known {
  reported: bigint;
  /** Its first event may still lie in the ring: waited for once. */
  waited: boolean;
  quiet: number;
}

interface Work {
  key: RepeatKey;
  name: string;
  repeated: bigint;
  known: Known;
}

/** The process itself is their target: in its place one hears of each secret that was found. */
const leaks: ReadonlySet<number> = new Set(
  Object.entries(Vector).flatMap(([name, number]) => (name.startsWith("leak_") ? [number] : [])),
);

const nameOf = (key: RepeatKey): string =>
  [key.vector, key.outcome, key.offenderTgid, key.offenderStartNs, key.targetTgid, key.targetStartNs].join();

const nameOfEvent = ({ vector, outcome, flags, offender, target, arg: [secret] }: Event): string => {
  const aimed = (flags & EventFlag.has_target) !== 0;
  const who = aimed ? [target.tgid, leaks.has(vector) ? secret : target.startBoottimeNs] : [0, 0];
  return [vector, outcome, offender.tgid, offender.startBoottimeNs, ...who].join();
};

export class Folding {
  readonly #source: RepeatSource;
  readonly #publish: (event: Event, count: number) => void;
  readonly #first = new Map<string, Event>();
  readonly #known = new Map<string, Known>();
  /** First events of which the kernel had no count at the last sweep: its table was full, or it forgot them. */
  #strays = new Set<string>();
  /** What is left to do of a sweep. */
  #turn: NodeJS.Immediate | undefined;

  /** What was counted before belongs to the agent that was here then; the next attempt of each makes an event again. */
  constructor(source: RepeatSource, publish: (event: Event, count: number) => void) {
    this.#source = source;
    this.#publish = publish;
    for (const { key, repeated } of source.repeats())
      this.#known.set(nameOf(key), { reported: repeated, waited: false, quiet: 0 });
  }

  remember(events: readonly Event[]): void {
    for (const event of events) {
      // The offender of a kill does not come back, and its attempt is not in the kernel's table.
      if ((event.flags & EventFlag.kill_wanted) !== 0) continue;
      if (this.#first.size < maxRemembered) this.#first.set(nameOfEvent(event), event);
    }
  }

  /** @param last nothing is put off: not to the next sweep, nor to the next turn of the loop */
  sweep(last = false): void {
    if (last) clearImmediate(this.#turn);
    else if (this.#turn !== undefined) return;
    this.#turn = undefined;
    const present = new Set<string>();
    const work: Work[] = [];
    let forgotten = 0;
    for (const { key, repeated } of this.#source.repeats()) {
      const name = nameOf(key);
      present.add(name);
      const known = this.#known.get(name) ?? { reported: 0n, waited: false, quiet: 0 };
      this.#known.set(name, known);
      if (repeated > known.reported) {
        if (known.waited || last || this.#first.has(name)) work.push({ key, name, repeated, known });
        else known.waited = true;
        continue;
      }
      known.waited = false;
      if (++known.quiet >= longQuietSweeps && forgotten < perTurn) {
        // At once: it may live, and what it adds between the look and this is lost.
        this.#source.forgetRepeat(key);
        present.delete(name);
        forgotten++;
      } else if (known.quiet >= quietSweeps) work.push({ key, name, repeated, known });
    }
    this.#clean(present);
    this.#workOn(work, 0, last ? work.length : perTurn);
  }

  #clean(present: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) {
      if (present.has(name)) continue;
      this.#known.delete(name);
      this.#first.delete(name);
    }
    const strays = [...this.#first.keys()].filter((name) => !present.has(name));
    for (const name of strays) if (this.#strays.has(name)) this.#first.delete(name);
    this.#strays = new Set(strays);
  }

  #workOn(work: readonly Work[], from: number, count: number): void {
    for (const one of work.slice(from, from + count)) this.#settle(one);
    const next = from + count;
    this.#turn = next < work.length ? setImmediate(() => this.#workOn(work, next, count)) : undefined;
  }

  #settle({ key, name, repeated, known }: Work): void {
    if (repeated > known.reported) {
      const event = this.#first.get(name) ?? eventOf(key);
      this.#publish({ ...event, flags: event.flags & ~EventFlag.kill_wanted }, Number(repeated - known.reported));
      known.reported = repeated;
      known.quiet = 0;
    } else if (this.#isOver(key)) {
      this.#source.forgetRepeat(key);
      this.#known.delete(name);
      this.#first.delete(name);
    }
  }

  /** Nobody tries that again: one of the two is gone. Who lives long would else leave an entry for each process of a day. */
  #isOver({ offenderTgid, targetTgid }: RepeatKey): boolean {
    return this.#source.isGone(offenderTgid) || (targetTgid !== 0 && this.#source.isGone(targetTgid));
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
    uid: noUid,
    group: 0,
    comm: "",
  };
  const isLeak = leaks.has(key.vector);
  return {
    timeNs: key.offenderStartNs, // not earlier than this; when exactly is lost
    arg: [isLeak ? key.targetStartNs : 0n, 0n, 0n, 0n],
    offender: { ...nobody, tgid: key.offenderTgid, tid: key.offenderTgid, startBoottimeNs: key.offenderStartNs },
    target: {
      ...nobody,
      tgid: key.targetTgid,
      tid: key.targetTgid,
      startBoottimeNs: isLeak ? key.offenderStartNs : key.targetStartNs,
    },
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
