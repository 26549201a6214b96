// SPDX-License-Identifier: Apache-2.0
// Results as files, for whoever has to show later that the guards worked: one a run, readable by root only, the oldest
// removed when there are too many.

import { mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { SelftestResult } from "./result.js";

const ours = /^selftest-\d{8}T\d{6}\.\d{3}Z\.json$/;

/** Returns the path. Throws EVIDENCE_UNWRITABLE. */
export function keepEvidence(result: SelftestResult, { directory, keep }: { directory: string; keep: number }): string {
  const name = `selftest-${result.started.replace(/[-:]/g, "")}.json`;
  const path = join(directory, name);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const unfinished = `${path}.new`;
    writeFileSync(unfinished, `${JSON.stringify(result, null, 2)}\n`, { mode: 0o600 });
    renameSync(unfinished, path);
    // The names sort by time.
    const old = readdirSync(directory)
      .filter((one) => ours.test(one))
      .sort()
      .slice(0, -keep);
    for (const one of old) unlinkSync(join(directory, one));
    return path;
  } catch (cause) {
    throw new CloudtaserError("EVIDENCE_UNWRITABLE", { target: path, fields: { reason: reasonOf(cause) }, cause });
  }
}
