// SPDX-License-Identifier: Apache-2.0
// How serious an attempt is: as its vector says, unless it came by a road that tools of an administrator take too.

import type { Severity, VectorEntry } from "./entry.js";
import { type VectorName, vectorEntry } from "./table.js";

/** Of an attempt on this vector by the road that its first argument says. */
export function severityOf(name: VectorName, argument: bigint | undefined): Severity {
  const { severity, roadSeverity, args } = vectorEntry(name);
  const form = args[0]?.form;
  const road = typeof form === "object" && argument !== undefined ? form[Number(argument)] : undefined;
  return (road === undefined ? undefined : roadSeverity?.[road]) ?? severity;
}

/** For people: the severity, and that of roads which have their own. */
export function severityText({ severity, roadSeverity = {} }: VectorEntry): string {
  return [severity, ...Object.entries(roadSeverity).map(([road, of]) => `${of} by the road ${road}`)].join("; ");
}
