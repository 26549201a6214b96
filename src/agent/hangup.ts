// SPDX-License-Identifier: Apache-2.0
// What asks for the configuration to be read again without waiting for an answer: SIGHUP, which whoever rotates logs sends
// once and removes the old file then, and a file that was changed. Either may come while the agent starts.

import type { Agent } from "./agent.js";

export class ReloadWishes {
  readonly #agent: Pick<Agent, "reopenSinks" | "reload">;
  #started = false;
  #kept = false;

  constructor(agent: Pick<Agent, "reopenSinks" | "reload">) {
    this.#agent = agent;
  }

  hangUp(): void {
    this.#agent.reopenSinks();
    this.reload();
  }

  /** During the start it is kept: the configuration that is being put in force was read before. */
  reload(): void {
    if (!this.#started) this.#kept = true;
    // The refusal is logged where it happens; here is nobody to answer to.
    else this.#agent.reload().catch(() => {});
  }

  /** The start is over. */
  started(): void {
    this.#started = true;
    if (this.#kept) this.reload();
  }
}
