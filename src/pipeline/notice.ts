// SPDX-License-Identifier: Apache-2.0
// An event of the agent's own: what it found out, made an event with the sequence number that is next.

import { printable } from "../errors/index.js";
import { eventSchemaName, type NoticeEvent, type NoticeType, nativeText, noticeTypes } from "../formats/index.js";
import { formatTime } from "./clock.js";
import type { PipelineContext, Place } from "./draft.js";
import { uuidv7 } from "./uuid.js";

export interface Notice {
  type: NoticeType;
  /** If it is not the one of its type. */
  severity?: NoticeEvent["severity"];
  door?: string;
  vectors?: readonly string[];
  count?: number;
  detail?: NoticeEvent["detail"];
  /** Makes detail.signature from the line in which it is empty. */
  sign?: (line: string) => string;
}

export function buildNotice(
  notice: Notice,
  place: Place,
  { node, boot }: Pick<PipelineContext, "node" | "boot">,
  nowMs = Date.now(),
): NoticeEvent {
  const detail = Object.entries(notice.detail ?? {}).map(([key, value]) => [
    key,
    typeof value === "string" ? printable(value, 200) : value,
  ]);
  const event: NoticeEvent = {
    schema: eventSchemaName,
    id: uuidv7(nowMs, place.seq),
    ...place,
    time: formatTime(BigInt(nowMs) * 1_000_000n),
    node: printable(node, 253),
    ...(boot === undefined ? {} : { boot }),
    type: notice.type,
    vector: null,
    severity: notice.severity ?? noticeTypes[notice.type].severity,
    vectors: [...(notice.vectors ?? [])],
    door: notice.door ?? null,
    count: notice.count ?? 1,
    detail: Object.fromEntries(detail) as NoticeEvent["detail"],
  };
  if (notice.sign === undefined) return event;
  event.detail["signature"] = "";
  return { ...event, detail: { ...event.detail, signature: notice.sign(nativeText(event)) } };
}
