// SPDX-License-Identifier: Apache-2.0
// All attacks on one canary: each road by root at the neighbour, by root and by nobody at the canary. The ring of events is
// ordered, so when the event of a last attack has come, those of all earlier ones have; where events were lost, what stayed
// unclear is tried again.

import { type Aim, type Attack, attack } from "./attack.js";
import { type Judgement, judge } from "./judge.js";
import type { HeardEvent, Listener } from "./listener.js";
import type { People } from "./people.js";
import type { Attacker, RoadResult } from "./result.js";
import { type Road, triggerOf } from "./roads.js";
import type { VectorFacts } from "./summary.js";

const attempts = 3;

/** Vectors that are tried in search of one whose attack makes an event: the kernel may refuse the first by itself. */
const soundings = 4;

export interface Plan extends VectorFacts {
  roads: Road[];
}

export interface CampaignOptions {
  triggers: string;
  people: People;
  listener: Listener;
  env: Readonly<Record<string, string>>;
  /** Events that the kernel could not hand over so far. */
  losses: () => Promise<bigint>;
  /** How long the event of an attack may take. */
  eventPatienceMs: number;
  progress: (done: number, total: number, what: string) => void;
  signal?: AbortSignal | undefined;
}

interface Case {
  plan: Plan;
  road: Road;
  attacker: Attacker;
  control: Attack | undefined;
  attack: Attack;
  events: HeardEvent[];
  judgement: Judgement;
  canaryEnded: string | undefined;
}

export class Campaign {
  readonly #options: CampaignOptions;
  /** Attacks that are known to make an event here. */
  #probe: { plan: Plan; road: Road } | undefined;
  eventsLost = false;

  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  /** Shows that events reach us, by the first attack of the list that makes one. false: none did, so that whatever is
   *  refused from here on may have been refused by anybody. */
  async hearsEvents(plans: readonly Plan[]): Promise<boolean> {
    const loud = plans.filter(({ scope, mode }) => scope === "process" && mode !== "off");
    for (const plan of loud.slice(0, soundings)) {
      const road = plan.roads.find(({ live, silent, wide }) => live && !silent && !wide);
      if (road === undefined) continue;
      this.#probe = { plan, road };
      if (await this.#barrier(1)) return true;
    }
    this.#probe = undefined;
    return false;
  }

  async run(plans: readonly Plan[]): Promise<Map<string, RoadResult[]>> {
    const results = new Map<string, RoadResult[]>(plans.map(({ vector }) => [vector, []]));
    const live = plans.flatMap((plan) => plan.roads.filter((one) => one.live).map((road) => ({ plan, road })));
    let done = 0;
    const cases: Case[] = [];
    const before = await this.#options.losses();
    for (const { plan, road } of live) {
      this.#options.progress(done++, live.length, `${plan.vector}/${road.road}`);
      cases.push(...(await this.#tryRoad(plan, road)));
    }
    await this.#settle(cases, before);
    for (const { vector, roads } of plans) {
      const rows = results.get(vector) ?? [];
      rows.push(...cases.filter(({ plan }) => plan.vector === vector).map(rowOf));
      rows.push(...roads.filter((road) => !road.live).map(notTaken));
    }
    this.#options.progress(live.length, live.length, "");
    return results;
  }

  async #tryRoad(plan: Plan, road: Road): Promise<Case[]> {
    const { people } = this.#options;
    const compared = scopeOf(plan, road) === "process";
    const control = compared ? await this.#attack(plan, road, people.neighbour, "root") : undefined;
    const cases: Case[] = [];
    for (const attacker of ["root", "nobody"] as const) {
      const made = await this.#attack(plan, road, people.canary, attacker);
      const judgement: Judgement = { outcome: "inconclusive", reason: "" };
      cases.push({ plan, road, attacker, control, attack: made, events: [], judgement, canaryEnded: people.ended() });
    }
    return cases;
  }

  /** Judges; what lost events leave unclear is done again. */
  async #settle(cases: readonly Case[], lossesBefore: bigint): Promise<void> {
    let open = cases;
    let before = lossesBefore;
    for (let round = 1; ; round++) {
      const breaks = this.#options.listener.breaks;
      const heard = await this.#barrier();
      const after = await this.#options.losses();
      const lost = !heard || after > before || breaks > 0;
      for (const one of open) {
        one.events = this.#eventsOf(one);
        one.judgement = judge({ ...one, ...factsOf(one), eventsLost: lost });
      }
      open = lost ? open.filter(({ judgement }) => judgement.outcome === "inconclusive") : [];
      this.eventsLost ||= lost;
      if (open.length === 0 || round === attempts || !heard) return;
      before = after;
      this.#options.listener.breaks = 0;
      for (const one of open)
        one.attack = await this.#attack(one.plan, one.road, this.#options.people.canary, one.attacker);
    }
  }

  #eventsOf({ plan, attack: made }: Case): HeardEvent[] {
    return made.pid === 0 ? [] : this.#options.listener.eventsOf([made.pid, made.attackerPid], plan.vector);
  }

  async #barrier(rounds = attempts): Promise<boolean> {
    if (this.#probe === undefined) return false;
    const { plan, road } = this.#probe;
    const { listener, people, eventPatienceMs } = this.#options;
    for (let round = 0; round < rounds; round++) {
      const made = await this.#attack(plan, road, people.canary, "root");
      if (await listener.wait([made.pid, made.attackerPid], plan.vector, eventPatienceMs)) return true;
    }
    return false;
  }

  async #attack(plan: Plan, road: Road, aim: Aim, as: Attacker): Promise<Attack> {
    const { triggers, env, listener, signal } = this.#options;
    signal?.throwIfAborted();
    const made = await attack({
      file: triggerOf(triggers, plan.vector),
      road: road.road,
      aim,
      as,
      env,
      onStart: (pid) => listener.expect(pid),
      signal,
    });
    signal?.throwIfAborted();
    return made;
  }
}

const scopeOf = ({ scope }: Plan, { wide }: Road): Plan["scope"] => (wide ? "node" : scope);

const factsOf = ({ plan, road }: Case) => ({ scope: scopeOf(plan, road), mode: plan.mode, silent: road.silent });

function rowOf({ road, attacker, judgement, attack: made, control, events }: Case): RoadResult {
  const event = events[0];
  return {
    road: road.road,
    attacker,
    ...judgement,
    errno: made.errno,
    event:
      event === undefined
        ? null
        : {
            id: event.id,
            seq: event.seq,
            time: event.time,
            outcome: event.outcome,
            killed: event.killed,
            error: event.error,
          },
    control: control === undefined ? null : control.result === "succeeded" ? "reached" : "not reached",
  };
}

const notTaken = ({ road, why }: Road): RoadResult => ({
  road,
  attacker: null,
  outcome: "not_applicable",
  reason: `not made on a node in use: ${why === "" ? "the attack program does not say that it is harmless" : why}`,
  errno: "",
  event: null,
  control: null,
});
