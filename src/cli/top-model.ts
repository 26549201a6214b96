// SPDX-License-Identifier: Apache-2.0
// What `cloudtaser top` knows: attempts by vector, offender, target and door, as far as the stream tells. Bounded, whatever
// an attacker calls itself.

export interface Tally {
  name: string;
  count: number;
  /** Of the last minute. */
  recent: number;
  /** Outcome to count. */
  outcomes: Record<string, number>;
  /** ISO time of the newest. */
  last: string;
}

export interface TopSnapshot {
  vectors: Tally[];
  offenders: Tally[];
  targets: Tally[];
  doors: Tally[];
  /** The agent's own events by type. */
  own: Tally[];
  attempts: number;
  events: number;
}

/** Names that are kept of each kind. */
const most = 500;
const minuteMs = 60_000;
/** Slices of that minute. */
const slices = 12;

class Tallies {
  readonly #by = new Map<string, { tally: Tally; slices: Map<number, number> }>();

  add(name: string, count: number, outcome: string, time: string, now: number): void {
    let one = this.#by.get(name);
    if (one === undefined) {
      if (this.#by.size >= most) this.#forgetSmallest();
      one = { tally: { name, count: 0, recent: 0, outcomes: {}, last: "" }, slices: new Map() };
      this.#by.set(name, one);
    }
    const { tally } = one;
    tally.count += count;
    tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + count;
    if (time > tally.last) tally.last = time;
    const at = Date.parse(time);
    if (now - at > minuteMs) return;
    const slice = Math.floor(at / (minuteMs / slices));
    one.slices.set(slice, (one.slices.get(slice) ?? 0) + count);
  }

  /** Busiest first. */
  list(now: number): Tally[] {
    const oldest = Math.floor((now - minuteMs) / (minuteMs / slices));
    return [...this.#by.values()]
      .map(({ tally, slices: own }) => {
        let recent = 0;
        for (const [slice, count] of own) {
          if (slice <= oldest) own.delete(slice);
          else recent += count;
        }
        return { ...tally, recent };
      })
      .sort((one, other) => other.recent - one.recent || other.count - one.count || (one.name < other.name ? -1 : 1));
  }

  #forgetSmallest(): void {
    let smallest: Tally | undefined;
    for (const { tally } of this.#by.values())
      if (smallest === undefined || tally.count < smallest.count) smallest = tally;
    if (smallest !== undefined) this.#by.delete(smallest.name);
  }
}

interface Seen {
  vector: string | null;
  type: string;
  time: string;
  count: number;
  outcome?: string;
  door: string | null;
  offender?: { comm: string; uid: number; exe?: { path?: string } };
  target?: { comm: string; workload?: string } | null;
}

export class TopModel {
  readonly #vectors = new Tallies();
  readonly #offenders = new Tallies();
  readonly #targets = new Tallies();
  readonly #doors = new Tallies();
  readonly #own = new Tallies();
  #attempts = 0;
  #events = 0;

  /** A line that is no event is left out. */
  take(line: string, now = Date.now()): void {
    let event: Seen;
    try {
      event = JSON.parse(line) as Seen;
      if (typeof event.type !== "string" || typeof event.time !== "string") return;
    } catch {
      return;
    }
    this.#events++;
    const { vector, time, outcome = "", door, offender, target } = event;
    const count = Number(event.count) || 1;
    if (vector === null) {
      this.#own.add(event.type, count, "", time, now);
      return;
    }
    this.#attempts += count;
    this.#vectors.add(vector, count, outcome, time, now);
    if (door !== null) this.#doors.add(door, count, outcome, time, now);
    if (offender) {
      const exe = offender.exe?.path === undefined ? "" : ` ${offender.exe.path}`;
      this.#offenders.add(`${offender.comm} uid ${offender.uid}${exe}`, count, outcome, time, now);
    }
    this.#targets.add(target ? (target.workload ?? target.comm) : "the node", count, outcome, time, now);
  }

  snapshot(now = Date.now()): TopSnapshot {
    return {
      vectors: this.#vectors.list(now),
      offenders: this.#offenders.list(now),
      targets: this.#targets.list(now),
      doors: this.#doors.list(now),
      own: this.#own.list(now),
      attempts: this.#attempts,
      events: this.#events,
    };
  }
}
