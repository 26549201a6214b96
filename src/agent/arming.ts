// SPDX-License-Identifier: Apache-2.0
// The agent guards itself once every door has been proved, so that nobody is locked out by a guard that nobody has tried. From
// then on it does, also when a proof fails later: else whoever breaks the proof would disarm it.
import type { Kernel, PolicySet, VectorRule } from "../kernel/index.js";
import { vectorEntry, vectorNames } from "../vectors/index.js";
import { unprovedDoors } from "./reports.js";

type Guarded = Pick<Kernel, "enforcedBefore" | "doors">;

const ofAgent: ReadonlySet<string> = new Set(
  vectorNames.filter((vector) => vectorEntry(vector).eventType === "AGENT_TAMPER"),
);

export class Arming {
  #armed = false;

  /** Where the agent before was armed, guards that were proved once are taken over; one that never came to that left them unarmed. */
  may(kernel: Guarded): boolean {
    const armedBefore = kernel.enforcedBefore.some((vector) => ofAgent.has(vector));
    return this.#armed || armedBefore || unprovedDoors(kernel).length === 0;
  }

  /** It may, and what is in force does not say so yet. */
  isDue(kernel: Guarded): boolean {
    return !this.#armed && this.may(kernel);
  }

  /** That is in force now. */
  settle(armed: boolean): void {
    this.#armed = armed;
  }

  get warnings(): string[] {
    return this.#armed ? [] : ["the agent does not guard itself yet: not every door has been proved"];
  }
}

/** What is done to the agent is reported, and not refused. */
export function unarmed<Policy extends Pick<PolicySet, "rules">>(policy: Policy): Policy {
  const rules = policy.rules.map(
    (rule): VectorRule =>
      ofAgent.has(rule.vector) && rule.mode === "enforce" ? { ...rule, mode: "detect", kill: false } : rule,
  );
  return { ...policy, rules };
}
