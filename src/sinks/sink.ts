// SPDX-License-Identifier: Apache-2.0
// What every sink is. A sink never blocks and never throws into the pipeline: what it cannot take, it drops and counts.

export const dropReasons = ["queue_full", "broken", "closed"] as const;
export type SinkDropReason = (typeof dropReasons)[number];

export interface SinkStats {
  /** Lines handed to the operating system. */
  written: number;
  writtenBytes: number;
  /** Lines waiting. */
  queued: number;
  /** Failed attempts to write or reopen; the lines were kept and tried again. */
  errors: number;
  lastError: string;
  dropped: Record<SinkDropReason, number>;
}

export interface Sink {
  readonly name: string;
  /** line: with its newline. */
  write(line: string): void;
  /** Opens the place anew, between two lines: after rotation. Keeps the old one if that fails. */
  reopen(): void;
  /** Takes no more lines, waits for those in the queue at most timeoutMs, and lets go. */
  close(timeoutMs?: number): Promise<void>;
  readonly stats: Readonly<SinkStats>;
}

/** One open place. */
export interface Writer {
  /** How many of the bytes were taken. Throws an errno error; EAGAIN: try again soon; EPIPE: nobody will ever read. */
  write(bytes: Buffer): Promise<number>;
  close(): void;
}
