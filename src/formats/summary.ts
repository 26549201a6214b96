// SPDX-License-Identifier: Apache-2.0
// What happened, in one line for people: the message of every format that has one.

import { type AnyEvent, isNotice } from "./any.js";
import type { CloudtaserEvent } from "./event.js";
import type { NoticeEvent } from "./notice.js";
import { ruleOf } from "./rules.js";
import { plain, titleOf } from "./text.js";

/** " (key=value, …)", or "" if there is none. */
export function detailText(detail: AnyEvent["detail"]): string {
  const parts = Object.entries(detail).map(([key, value]) => `${plain(key, 32)}=${plain(String(value), 128)}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

const times = ({ count }: AnyEvent): string => (count > 1 ? ` ×${count}` : "");

const inPod = ({ pod }: Pick<CloudtaserEvent["offender"], "pod">): string =>
  pod === undefined ? "" : ` in ${plain(pod.namespace, 253)}/${plain(pod.name, 253)}`;

/** Title, who, whom and with what. No names of outcome or severity: formats have fields for them. */
export function attackSummary(event: CloudtaserEvent): string {
  const { offender, target } = event;
  const who = `${plain(offender.comm, 160)}[${offender.pid}] uid ${offender.uid}${inPod(offender)}`;
  const exe = offender.exe.path === undefined ? "" : ` ${plain(offender.exe.path, 512)}`;
  const workload = target?.workload === undefined ? "" : ` of ${plain(target.workload, 640)}`;
  const whom =
    target === null
      ? ""
      : ` → ${plain(target.comm, 160)}[${target.pid}]${target.pod === undefined ? workload : inPod(target)}`;
  return `${ruleOf(event.vector).title}: ${who}${exe}${whom}${detailText(event.detail)}${times(event)}`;
}

/** Which door, with what, and the vectors that it touches. */
export function noticeFacts(event: NoticeEvent): string {
  const door = event.door === null ? "" : ` ${plain(event.door, 64)}`;
  const vectors =
    event.vectors.length === 0 ? "" : `: affects ${event.vectors.map((one) => plain(one, 64)).join(", ")}`;
  return `${door}${detailText(event.detail)}${times(event)}${vectors}`;
}

export function summaryOf(event: AnyEvent): string {
  return isNotice(event) ? `${titleOf(event.type)}${noticeFacts(event)}` : attackSummary(event);
}
