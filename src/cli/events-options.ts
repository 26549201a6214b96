// SPDX-License-Identifier: Apache-2.0
// What may be asked for with `cloudtaser events`, checked before anything is asked.

import { CloudtaserError } from "../errors/index.js";
import type { FilterOptions } from "../formats/index.js";
import { type Severity, severities } from "../vectors/index.js";

export interface FilterFlags {
  type?: string[];
  severity?: string;
  workload?: string[];
  since?: string;
}

function wrong(reason: string): CloudtaserError {
  return new CloudtaserError("USAGE", { target: "events", fields: { reason } });
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time, or how long ago: 90s, 15m, 2h, 1d. Unix milliseconds. */
export function parseSince(text: string, now = Date.now()): number {
  const ago = /^(\d{1,9})([smhd])$/.exec(text);
  if (ago !== null) return Math.max(0, now - Number(ago[1]) * unitMs[ago[2] as keyof typeof unitMs]);
  const time = /^\d{4}-\d\d-\d\d(T.+)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return Math.max(0, time);
  throw wrong(
    `--since must be how long ago (15m, 2h, 1d) or a time (2026-01-31T12:00:00Z), not ${JSON.stringify(text)}`,
  );
}

function isSeverity(text: string): text is Severity {
  return (severities as readonly string[]).includes(text);
}

/** undefined if nothing is left out. */
export function filterOf({ type, severity, workload, since }: FilterFlags): FilterOptions | undefined {
  const filter: FilterOptions = {};
  if (type !== undefined) {
    filter.types = type.map((one) => one.toUpperCase());
    const bad = filter.types.find((one) => !/^[A-Z][A-Z_]{0,31}$/.test(one));
    if (bad !== undefined)
      throw wrong(`--type must be an event type, such as PTRACE_DENIED, not ${JSON.stringify(bad)}`);
  }
  if (severity !== undefined) {
    if (!isSeverity(severity))
      throw wrong(`--severity must be one of ${severities.join(", ")}, not ${JSON.stringify(severity)}`);
    filter.minSeverity = severity;
  }
  if (workload !== undefined) filter.workloads = workload;
  if (since !== undefined) filter.since = parseSince(since);
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** For an option that may come several times, and for several values with commas. */
export const gather = (text: string, before: string[] | undefined): string[] => [...(before ?? []), ...text.split(",")];

export function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
