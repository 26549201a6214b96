// SPDX-License-Identifier: Apache-2.0
// The own rules of pods on their way into force: when they change, and what is told of those that find no room.

import { reasonOf } from "../errors/index.js";
import type { Log } from "../log/index.js";
import type { Claims } from "./claims.js";
import type { PodGuard } from "./guard.js";
import { type Guarded, ownRules } from "./guarded.js";
import { rulesText } from "./selection.js";
import type { Tell } from "./telling.js";

export class Ruling {
  readonly #parts: { guard: Pick<PodGuard, "rules">; tell: Tell; log: Log };
  /** undefined: what is in force is not of this object. */
  #inForce: string | undefined;

  constructor(parts: { guard: Pick<PodGuard, "rules">; tell: Tell; log: Log }) {
    this.#parts = parts;
  }

  async apply(pods: readonly Guarded[], claims: Claims): Promise<void> {
    const { guard, tell, log } = this.#parts;
    const own = ownRules(pods, claims);
    const text = JSON.stringify(own.map(({ name, rules }) => [name, rulesText(rules)]));
    if (text === this.#inForce) return;
    try {
      const left = new Set(await guard.rules(own));
      this.#inForce = text;
      for (const guarded of pods)
        if (left.has(guarded.workload))
          tell.once(guarded, "POD_RULES_REFUSED", "there is no room for its own rules: those of all hold for it");
    } catch (error) {
      // Protected by the rules of all is better than by none.
      tell.problem("POD_RULES_REFUSED", reasonOf(error), { workloads: own.length });
      log.error("rules of pods are not in force", { error });
    }
  }
}
