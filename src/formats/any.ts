// SPDX-License-Identifier: Apache-2.0
// Attacks and the agent's own events together: what the stream is made of.

import type { CloudtaserEvent } from "./event.js";
import type { NoticeEvent } from "./notice.js";

/** Told apart by `vector`, which is null in the agent's own. */
export type AnyEvent = CloudtaserEvent | NoticeEvent;

export function isNotice(event: AnyEvent): event is NoticeEvent {
  return event.vector === null;
}
