// SPDX-License-Identifier: Apache-2.0
// A record that comes to nothing for a fault of ours is said, and not once for each.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Stream } from "../../src/agent/stream.js";
import { type Config, loadConfig } from "../../src/config/index.js";
import * as abi from "../../src/kernel/abi.gen.js";
import type { Native } from "../../src/kernel/native.js";
import { createLog } from "../../src/log/index.js";
import { makeRecords } from "../bench/event-records.js";

it("a record that cannot be made an event is in the log, the next ones each time that they are more than twice as many", async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "ct-failure-"));
  const lines: string[] = [];
  const config: Config = { ...loadConfig({}), stateDirectory, events: { stdout: false } as Config["events"] };
  const stream = await Stream.open({
    config: () => config,
    native: {} as Native,
    workloadOf: () => {
      throw new RangeError("no such group");
    },
    secretOf: () => undefined,
    log: createLog({ write: (line) => void lines.push(line) }),
  });
  const record = abi.decodeEvent(makeRecords(1), 0);
  for (let i = 0; i < 8; i++) stream.take([record], 0);
  expect(stream.losses()["failed"]).toBe(8);
  const told = lines.map((line) => JSON.parse(line) as { level: string; msg: string; data: { lost: number } });
  expect(told.map(({ data }) => data.lost)).toEqual([1, 3, 7]);
  expect(lines[0]).toContain("no such group");
  await stream.close();
  rmSync(stateDirectory, { recursive: true });
});
