// SPDX-License-Identifier: Apache-2.0
// What CEF and LEEF share: the event as plain texts under their lengths, before either escapes them.

import { type AnyEvent, isNotice } from "./any.js";
import type { CloudtaserEvent, EventOffender } from "./event.js";
import type { NoticeEvent } from "./notice.js";
import { ruleOf } from "./rules.js";
import { detailText } from "./summary.js";
import { plain } from "./text.js";

/** UTF-16 units before escaping. Together they keep a line below the 8 KiB that every syslog receiver should take. */
export const lengths = { name: 64, node: 100, path: 384, parents: 256, detail: 512 } as const;

export interface Field<Event extends AnyEvent> {
  key: string;
  /** CEF's custom fields carry their name in a second field. */
  label?: string;
  /** For people; the reference is made of it. */
  meaning: string;
  /** Left out if undefined. */
  of(event: Event): string | number | undefined;
}

export const field = <Event extends AnyEvent>(
  key: string,
  meaning: string,
  of: Field<Event>["of"],
  label?: string,
): Field<Event> => ({ key, meaning, of, ...(label === undefined ? {} : { label }) });

export const nameText = (name: string | undefined) => (name === undefined ? undefined : plain(name, lengths.name));

export const pathText = (path: string | undefined) => (path === undefined ? undefined : plain(path, lengths.path));

export const nodeText = ({ node }: AnyEvent) => plain(node, lengths.node);

export const idText = ({ id }: AnyEvent) => plain(id, 40);

/** Device and inode: which file it is, whatever its path says. */
export const fileText = ({ dev, inode }: EventOffender["exe"]): string => `${dev}:${inode}`;

/** "400:bash < 1:systemd": nearest first, cut at the far end. No name can hold the mark between two. */
export function parentsText({ parent }: EventOffender): string | undefined {
  if (parent.length === 0) return undefined;
  const links = parent.map(({ pid, comm }) => `${pid}:${plain(comm, 32).replaceAll("<", "\\x3c")}`);
  return plain(links.join(" < "), lengths.parents);
}

/** detail as "key=value, …" without that name, which has a field of its own: so nobody who chooses a name can add a key here. */
export function argumentsText(event: AnyEvent): string | undefined {
  const name = isNotice(event) ? undefined : ruleOf(event.vector).nameKey;
  const rest = Object.entries(event.detail).filter(([key]) => key !== name);
  return rest.length === 0 ? undefined : plain(detailText(Object.fromEntries(rest)).slice(2, -1), lengths.detail);
}

/** The name that the attempt was made by. */
export function objectText({ vector, detail }: CloudtaserEvent): string | undefined {
  const key = ruleOf(vector).nameKey;
  const name = key === undefined ? undefined : detail[key];
  return name === undefined ? undefined : plain(String(name), lengths.name);
}

/** What became of the attempt, the kill included. */
export function actionText({ outcome, killed }: CloudtaserEvent): string {
  const word = outcome === "denied" ? "blocked" : outcome;
  return killed && outcome !== "killed" ? `${word}+killed` : word;
}

export function techniquesText({ vector }: CloudtaserEvent): string | undefined {
  const { techniques } = ruleOf(vector);
  return techniques.length === 0 ? undefined : techniques.join(",");
}

export const vectorsText = ({ vectors }: NoticeEvent) =>
  vectors.length === 0 ? undefined : plain(vectors.join(","), lengths.path);
