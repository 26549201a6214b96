// SPDX-License-Identifier: Apache-2.0
// Requests that the authority signs: over a challenge of the agent's, which is good for one of them and for a minute.

import { randomBytes } from "node:crypto";
import { sha256Hex } from "../keys/index.js";

/** CHALLENGE.SIGNATURE, both in base64. */
export const authorityHeader = "cloudtaser-authority";

const lifetimeMs = 60_000;
/** Given out and not used. The oldest goes first. */
const maxOpen = 64;

export class Challenges {
  readonly #open = new Map<string, number>();

  issue(now = performance.now()): string {
    for (const [challenge, until] of this.#open) if (until <= now) this.#open.delete(challenge);
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= maxOpen) this.#open.delete(oldest);
    const challenge = randomBytes(32).toString("base64");
    this.#open.set(challenge, now + lifetimeMs);
    return challenge;
  }

  /** Whether it was given out, is not too old, and was not used before; it is now. */
  use(challenge: string, now = performance.now()): boolean {
    const until = this.#open.get(challenge);
    this.#open.delete(challenge);
    return until !== undefined && now < until;
  }
}

/** Of a body as it is signed: bytes as they are, anything else as JSON. */
export const digestOfBody = (body: unknown): string =>
  sha256Hex(Buffer.isBuffer(body) ? body : body === undefined ? "" : JSON.stringify(body));
