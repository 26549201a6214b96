// SPDX-License-Identifier: Apache-2.0
// What validate says: the configuration in short, what to know of it, and where the running agent differs.

import { type Config, policyOf, provenanceOf } from "../config/index.js";
import type { VectorReport } from "../control/protocol.js";
import { printable } from "../errors/index.js";
import { vectorNames } from "../vectors/index.js";
import type { Session } from "./io.js";

export interface Difference {
  vector: string;
  configured: string;
  inForce: string;
}

const written = ({ mode, kill }: { mode: string; kill: boolean }): string => (kill ? `${mode}+kill` : mode);

/** By vector, for all: rules of single workloads are not compared. */
export function differencesOf(config: Config, reports: readonly VectorReport[]): Difference[] {
  return vectorNames.flatMap((vector) => {
    const configured = written(policyOf(config, vector));
    const report = reports.find((one) => one.vector === vector);
    const inForce = report ? written(report) : "unknown to the agent";
    return configured === inForce ? [] : [{ vector, configured, inForce }];
  });
}

export function sayValid(
  session: Session,
  config: Config,
  warnings: string[],
  differences: Difference[] | undefined,
): void {
  const file = provenanceOf(config)?.file;
  const modes = Object.fromEntries(vectorNames.map((vector) => [vector, written(policyOf(config, vector))]));
  if (session.json) {
    const { path = null, digest = null } = file ?? {};
    session.value({
      file: path,
      sha256: digest,
      valid: true,
      mode: config.mode,
      vectors: modes,
      warnings,
      differences,
    });
    return;
  }
  session.line(file ? `${printable(file.path)} is valid` : "no file: the defaults and the environment are valid");
  if (file) session.line(`sha256 ${file.digest}`);
  session.line(`mode ${config.mode}; ${countOf(Object.values(modes))}`);
  for (const warning of warnings) session.line(`warning: ${printable(warning)}`);
  if (differences === undefined) return;
  for (const { vector, configured, inForce } of differences)
    session.line(`differs: ${vector} is ${configured} here, and ${printable(inForce)} in force`);
  if (differences.length === 0) session.line("the running agent has the same mode for every vector");
}

/** "45 vectors enforce, 4 detect" */
function countOf(modes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const mode of modes) counts.set(mode, (counts.get(mode) ?? 0) + 1);
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([mode, count]) => `${count} ${mode}`);
  return `vectors: ${parts.join(", ")}`;
}
