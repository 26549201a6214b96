// SPDX-License-Identifier: Apache-2.0
// cloudtaser vectors --explain NAME: what one vector is, how it is stopped here, and what a refusal is evidence for.

import type { VectorReport } from "../control/protocol.js";
import { CloudtaserError, printable } from "../errors/index.js";
import { isVectorName, severityText, type VectorName, vectorEntry, vectorNames } from "../vectors/index.js";

/** Throws USAGE for a name that is no vector's. */
export function vectorNamed(name: string, flag = "--explain"): VectorName {
  if (isVectorName(name)) return name;
  throw new CloudtaserError("USAGE", {
    target: flag,
    fields: { reason: `no vector ${JSON.stringify(name)}; there are ${vectorNames.join(", ")}` },
  });
}

function standing(live: VectorReport | undefined): string {
  if (live === undefined) return "no agent runs here: nothing is stopped now";
  const proof = live.proved
    ? `proved${live.idle ? ", idle now" : ""}, ${live.soundness}`
    : `NOT PROVED: ${printable(live.reason)}`;
  const counts = `${live.denied} denied, ${live.killed} killed after the fact, ${live.observed} observed, ${live.allowed} allowed`;
  return `mode ${live.mode}${live.kill ? " with kill" : ""}, form ${live.form}, ${proof}; ${counts}`;
}

const against = {
  process: "one protected process",
  own: "secrets in the hands of the protected process itself",
  node: "the kernel below; sleeps while nothing is protected, unless configured",
} as const;

export function explainVector(name: VectorName, live: VectorReport | undefined): string[] {
  const entry = vectorEntry(name);
  const detail = [...entry.args, ...(entry.details ?? []), ...(entry.name === undefined ? [] : [entry.name])];
  return [
    `${name}: ${entry.title}`,
    "",
    entry.attempt,
    entry.defence,
    "",
    `Here        ${standing(live)}`,
    `Doors       ${entry.doors.join(", ")}`,
    `Against     ${against[entry.scope]}`,
    `In the log  type ${entry.eventType}, severity ${severityText(entry)}`,
    ...detail.map(({ key, meaning }) => `              detail.${key}: ${meaning}`),
    `ATT&CK      ${entry.attack.techniques.join(", ")} (${entry.attack.tactics.join(", ")})`,
    `Evidence    ${entry.compliance.join("; ")}`,
  ];
}
