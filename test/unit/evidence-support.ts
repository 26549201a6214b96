// SPDX-License-Identifier: Apache-2.0
// Runs of an agent as lines of a log, and a directory that goes with the tests.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Chain, openSigner } from "../../src/evidence/index.js";
import { buildNotice, type Notice } from "../../src/pipeline/notice.js";

export const directory = mkdtempSync(join(tmpdir(), "ct-evidence-"));
afterAll(() => rmSync(directory, { recursive: true }));

export const signer = openSigner(join(directory, "state", "evidence.key"));
export const other = openSigner(join(directory, "other.key"));

/** One run of an agent: so many events, a checkpoint at start and after every `each`, and one at the stop.
 *  @param sums what sinks have lost, as each checkpoint has it
 *  @param from the time, Unix milliseconds */
export function run(
  chain: Chain,
  events: number,
  {
    each = 5,
    stop = true,
    key = signer,
    lost = {} as Record<number, Notice>,
    sums = {} as Record<string, number>,
    from = Date.now(),
  } = {},
) {
  const lines: string[] = [];
  const add = (notice: Notice) =>
    void lines.push(chain.add((place) => buildNotice(notice, place, { node: "n1" }, from)).line.trimEnd());
  const checkpoint = (reason: string) =>
    add({ type: "CHECKPOINT", detail: { reason, ...sums, key: key.publicKey }, sign: key.sign });
  add({ type: "AGENT_STARTED" });
  checkpoint("start");
  for (let i = 1; i <= events; i++) {
    add(lost[i] ?? { type: "GUARD_PROVED", detail: { text: `"signature":"x" ${i} \u2028 ü` } });
    if (i % each === 0) checkpoint("interval");
  }
  if (stop) checkpoint("stop");
  return lines;
}
