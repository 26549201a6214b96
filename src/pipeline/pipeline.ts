// SPDX-License-Identifier: Apache-2.0
// Kernel records in, events out. Needs no kernel: everything it asks for comes in with the context.

import { type AnyEvent, attackText, type NoticeType } from "../formats/index.js";
import { buildEvent } from "./build.js";
import type { DecodedEvent } from "./decoded.js";
import type { DropReason, PipelineContext } from "./draft.js";
import { isLeak, type UnscannedReason, unscannedReason } from "./leak.js";
import { buildNotice, type Notice } from "./notice.js";
import { enrich, identify, judge, respond } from "./steps.js";

/** Gets every event with its line in the native format, newline included. Must not block; what it throws is counted. */
export type Publish = (event: AnyEvent, line: string) => void;

export interface PipelineStats {
  received: number;
  published: number;
  killedFromUserSpace: number;
  /** Attempts after which data may have moved before the response. */
  leakWindows: number;
  /** Events of the agent's own. */
  notices: Map<NoticeType, number>;
  dropped: Record<DropReason, number>;
  /** Operations that were not looked at whole for secrets. */
  unscanned: Record<UnscannedReason, number>;
  /** What the last record that failed threw. */
  lastFailure: unknown;
}

export interface Pipeline {
  /** count: attempts that each of the records stands for. */
  process(records: Iterable<DecodedEvent>, count?: number): void;
  /** Publishes an event of the agent's own: it takes its place in the sequence. Throws what publishing throws. */
  announce(notice: Notice): void;
  readonly stats: Readonly<PipelineStats>;
}

export function createPipeline(context: PipelineContext, publish: Publish): Pipeline {
  const stats: PipelineStats = {
    received: 0,
    published: 0,
    killedFromUserSpace: 0,
    leakWindows: 0,
    notices: new Map(),
    dropped: { abi_mismatch: 0, unknown_vector: 0, unknown_outcome: 0, failed: 0 },
    unscanned: { unreadable: 0, beyond: 0, unknown: 0, busy: 0 },
    lastFailure: undefined,
  };

  const one = (decoded: DecodedEvent, count: number) => {
    const identified = identify(decoded, context);
    if (typeof identified === "string") {
      stats.dropped[identified]++;
      return;
    }
    const unscanned = isLeak(identified.vector) ? unscannedReason(decoded, context.abi) : undefined;
    if (unscanned !== undefined) stats.unscanned[unscanned] += count;
    // Respond before anything that reads files: the offender runs on meanwhile.
    const judged = judge(decoded, identified, context);
    const verdict = respond(decoded, judged, context);
    if (verdict.killed && !judged.killed) stats.killedFromUserSpace++;
    const { offender, target } = enrich(decoded, identified, context);
    const { vector } = identified;
    const draft = { decoded, count, vector, verdict, offenderFacts: offender, targetFacts: target };
    const { event, line } = context.sequence.add((place) => buildEvent(draft, place, context), attackText);
    stats.published++;
    if (event.leakWindow) stats.leakWindows += count;
    publish(event, line);
  };

  return {
    stats,
    announce(notice) {
      const { event, line } = context.sequence.add((place) => buildNotice(notice, place, context));
      stats.published++;
      stats.notices.set(notice.type, (stats.notices.get(notice.type) ?? 0) + 1);
      publish(event, line);
    },
    process(records, count = 1) {
      for (const decoded of records) {
        stats.received++;
        try {
          one(decoded, count);
        } catch (error) {
          // One bad record must not take the rest of its batch along.
          stats.dropped.failed++;
          stats.lastFailure = error;
        }
      }
    },
  };
}
