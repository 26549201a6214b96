// SPDX-License-Identifier: Apache-2.0
// What an alert is, and the expressions that several of them are made of.

export interface Alert {
  name: string;
  expr: string;
  /** How long it must hold; left out: at once. */
  for?: string;
  severity: "critical" | "warning" | "info";
  /** One line, with the node. */
  summary: string;
  /** What has happened and why it matters. */
  description: string;
  /** What to do, in order. */
  runbook: readonly string[];
}

/** A counter that grew within the window, also one that was not zero when it was first seen. */
export const grew = (counter: string, window: string): string =>
  `increase(${counter}[${window}]) > 0 or (${counter} > 0 unless ${counter} offset ${window})`;

/** Other families may stand beside a sample of the same agent. */
export const sameAgent = "on (instance, job)";

/** Names of metrics in an expression: what is followed by a brace, a bracket, or stands alone, and is no word of PromQL. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, "")
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "")
    .replace(/\[[^\]]*\]/g, "");
  const names = bare.match(/[A-Za-z_:][\w:]*(?!\w*\s*\()/g) ?? [];
  return [...new Set(names.filter((name) => name.includes("_") || name === "up"))];
}
