// SPDX-License-Identifier: Apache-2.0
// What carries a batch to a receiver, and how it says what became of it.

import type { Entry } from "./sink.js";

export interface Sent {
  /** To be sent again: the receiver could not take these now. */
  again: readonly Entry[];
  /** How many the receiver will never take. */
  refused: number;
  bytes: number;
  /** Why, if there are some of either. */
  reason?: string;
  retryAfterMs?: number;
}

export interface Transport {
  readonly most: { events: number; bytes: number };
  /** Throws DeliveryError, or anything for "try again later". The signal ends waiting at once. */
  send(batch: readonly Entry[], signal: AbortSignal): Promise<Sent>;
  /** Waits at most so long until the receiver has read all that was sent, if it says so by closing its side. */
  close(withinMs: number): void | Promise<void>;
  /** Events that were sent, the last ones, and may be lost with the connection. */
  readonly kept?: number;
  /** Something that counted as sent may be lost: send(), also of nothing, sends it again. */
  readonly owes?: boolean;
  /** Called when that becomes so. */
  onLoss?: (() => void) | undefined;
}

/** Answers of HTTP by which the content is at fault; of anything else (no right, no index, no room) an operator can take care. */
export const indigestible: ReadonlySet<number> = new Set([400, 413, 422]);

export class DeliveryError extends Error {
  readonly retryAfterMs: number;
  /** The receiver does not like what is in it: a part of it may go through. */
  readonly indigestible: boolean;

  constructor(message: string, options: { retryAfterMs?: number; indigestible?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DeliveryError";
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.indigestible = options.indigestible ?? false;
  }
}
