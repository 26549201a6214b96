// SPDX-License-Identifier: Apache-2.0
// What a line of a log says of its place, of time and of losses, and what the lines of a run say together.

export interface Line {
  seq: number;
  prev: string;
  /** Unix milliseconds. */
  time: number;
  node: string;
  type: string;
  detail: Readonly<Record<string, unknown>>;
}

/** What a sink lost, as the agent tells it. What was lost before it had a number leaves no gap. */
export const lossOfSink = /^([a-z][a-z0-9-]*)_(?:queue_full|spool_full|refused|damaged|broken|closed)$/;

/** undefined for a line that is no event. */
export function parseLine(text: string): Line | undefined {
  try {
    const { schema, seq, prev, time, node, type, detail } = JSON.parse(text) as Record<string, unknown>;
    if (typeof schema !== "string" || !schema.startsWith("cloudtaser.event/")) return undefined;
    if (!Number.isSafeInteger(seq) || typeof prev !== "string" || typeof type !== "string") return undefined;
    const inner = typeof detail === "object" && detail !== null ? (detail as Line["detail"]) : {};
    return { seq: seq as number, prev, time: Date.parse(String(time)), node: String(node), type, detail: inner };
  } catch {
    return undefined;
  }
}

/** What one run of the agent has shown so far. */
export interface Run {
  first: { at: string; line: number };
  /** Good checkpoints. */
  signed: number;
  /** Its first checkpoint without a signature. */
  bare: { at: string; line: number } | undefined;
  /** Where the checkpoint of its orderly stop stands; "" while there is none. */
  stopped: string;
}
