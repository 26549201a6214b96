// SPDX-License-Identifier: Apache-2.0
// What one attack comes to, from what the attacker was told, what the agent reported, and what the same attack did to an
// unprotected process. Pure: no clock, no process, no socket.

import type { Attack } from "./attack.js";
import type { HeardEvent } from "./listener.js";
import type { SelftestOutcome } from "./outcome.js";
import type { Attacker } from "./result.js";

export interface Trial {
  attacker: Attacker;
  /** "process": there is an unprotected process to compare with. */
  scope: "process" | "node" | "own";
  /** Of the vector, as the agent says. */
  mode: string;
  /** Only an event tells that it was refused. */
  silent: boolean;
  attack: Attack;
  /** The same road, by root, to the unprotected neighbour; undefined for the node. */
  control: Attack | undefined;
  events: readonly HeardEvent[];
  /** An event of ours may be missing. */
  eventsLost: boolean;
  /** The canary ended meanwhile, and why. */
  canaryEnded: string | undefined;
}

export interface Judgement {
  outcome: SelftestOutcome;
  reason: string;
}

const judgement = (outcome: SelftestOutcome, reason = ""): Judgement => ({ outcome, reason });

const told = ({ errno, why }: Attack): string => (errno === "" ? why : why === "" ? errno : `${why} (${errno})`);

export function judge(trial: Trial): Judgement {
  const { attack, control, events, canaryEnded, mode } = trial;
  const reported = (outcome: string): boolean => events.some((event) => event.outcome === outcome);
  const denied = reported("denied") || reported("killed");
  if (attack.tokenOut && !(reported("observed") && mode === "detect"))
    return judgement(
      "not_stopped",
      denied ? "the token came out although the event says denied" : "the token came out",
    );
  if (attack.result === "succeeded") return judgeSuccess(trial, denied, reported);
  if (canaryEnded !== undefined) return judgement("inconclusive", `the canary is gone: ${canaryEnded}`);
  if (attack.result === "ended by a signal") {
    if (attack.why === "SIGKILL" && denied) return judgement("killed");
    return judgement("inconclusive", `the attacker was ended by ${attack.why}, and no event says that it was refused`);
  }
  if (denied && events.some((event) => event.killed)) return judgement("killed");
  if (attack.result === "no answer") return judgement("inconclusive", attack.why);
  if (attack.result === "refused" && events.length === 0 && trial.attacker === "nobody") return judgeUnreported(trial);
  const broken = brokenControl(trial);
  if (broken !== undefined) return broken;
  if (denied) return judgement("refused");
  if (reported("observed")) return judgement("observed", `observed, and then refused by the kernel (${told(attack)})`);
  if (attack.result === "not tried") {
    if (control?.result === "succeeded" && trial.attacker === "root")
      return judgement("inconclusive", `root could attack the neighbour so, but not the canary: ${told(attack)}`);
    return judgement("not_applicable", told(attack));
  }
  return judgeUnreported(trial);
}

/** The attack went through, as far as the attacker can tell. */
function judgeSuccess(trial: Trial, denied: boolean, reported: (outcome: string) => boolean): Judgement {
  const { mode, silent, eventsLost } = trial;
  if (denied)
    return silent ? judgement("refused") : judgement("not_stopped", "it went through although the event says denied");
  if (reported("observed")) return judgement("observed");
  if (reported("allowed")) return judgement("not_stopped", "an allow list let it pass");
  if (mode === "off") return judgement("not_stopped", "the vector is off in the configuration");
  if (mode === "detect") {
    if (eventsLost) return judgement("inconclusive", "it went through, and events were lost");
    return silent
      ? judgement("not_applicable", "reported only when something really comes in, which it does not here")
      : judgement("not_stopped", "it went through and was not reported");
  }
  if (silent && eventsLost) return judgement("inconclusive", "only an event would tell, and events were lost");
  return judgement("not_stopped", "it went through");
}

/** Why the refusal says nothing about us: the same attack does not reach an unprotected process either. */
function brokenControl({ scope, control }: Trial): Judgement | undefined {
  if (scope === "node" || control?.result === "succeeded") return undefined;
  if (control === undefined) return judgement("inconclusive", "there was nobody to compare with");
  if (control.result === "not tried") return judgement("not_applicable", told(control));
  return judgement("inconclusive", `the neighbour, whom nobody protects, is not reached so either: ${told(control)}`);
}

/** Refused, and no event. */
function judgeUnreported({ attacker, scope, eventsLost, attack }: Trial): Judgement {
  if (eventsLost)
    return judgement("inconclusive", `refused (${attack.errno}), but events were lost, so it is not known by whom`);
  if (attacker === "nobody" || scope === "node") return judgement("refused_by_kernel", attack.errno);
  return judgement("inconclusive", `refused (${attack.errno}), but no event says by whom`);
}
