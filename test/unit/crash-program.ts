// SPDX-License-Identifier: Apache-2.0
// What is killed in crash.test.ts: the agent's own stream with a file and an HTTP sink behind a spool, fed with made-up records.
// Arguments: directory, port of the receiver, number of the run, "load" or "drain". Says "ready" when both have
// delivered something.

import { setTimeout as sleep } from "node:timers/promises";
import { Stream } from "../../src/agent/stream.js";
import type { Config } from "../../src/config/index.js";
import * as abi from "../../src/kernel/abi.gen.js";
import type { Native } from "../../src/kernel/native.js";
import type { Log } from "../../src/log/index.js";
import { batch, makeRecords } from "../bench/event-records.js";

const MiB = 1024 * 1024;
const records = 1024;
/** Events that may wait at a sink; the queue takes more, so that nothing is given up. */
const mostQueued = 6_000;

const [directory = "", port = "", run = "", mode = ""] = process.argv.slice(2);
const problem = (text: string, data: unknown): void => void process.stderr.write(`${text} ${JSON.stringify(data)}\n`);
const log = { error: problem, warn: problem, info: () => undefined } as unknown as Log;

const plain = { format: "native", filter: { minSeverity: "info" }, queue: { maxEvents: 16_384, maxBytes: 64 * MiB } };
const http = {
  ...{ url: `http://127.0.0.1:${port}/`, protocol: "webhook", index: "x", gzip: false, headers: {} },
  ...{ maxEvents: 200, maxBytes: MiB, timeoutSeconds: 10 },
};
const config = {
  nodeName: "node-1",
  stateDirectory: directory,
  events: { stdout: false },
  sinks: [
    {
      ...plain,
      name: "log",
      spool: { maxBytes: 0 },
      file: { path: `${directory}/events.ndjson`, rotate: { maxBytes: MiB, keep: 10_000 } },
    },
    { ...plain, name: "siem", spool: { maxBytes: 1024 * MiB }, http },
  ],
  evidence: { checkpointSeconds: 1 },
  mode: "enforce",
  vectors: {},
} as unknown as Config;

const stream = await Stream.open({
  config: () => config,
  native: {} as Native,
  workloadOf: () => `run-${run}`,
  secretOf: () => undefined,
  log,
});
stream.evidence.checkpoint("start");
stream.evidence.every(0.05);
const queued = (): number => Math.max(...stream.outlets.reports().map(({ stats }) => stats.queued));
const source = makeRecords(records);
let begun = false;
for (let from = 0; mode === "load"; from = (from + batch) % records) {
  const events = Array.from({ length: batch }, (_, index) => abi.decodeEvent(source, (from + index) * abi.EventSize));
  stream.take(events, 0);
  if (!begun && stream.outlets.reports().every(({ stats }) => stats.delivered > 0)) {
    begun = true;
    process.stdout.write("ready\n");
  }
  do await sleep(1);
  while (queued() > mostQueued);
}
while (queued() > 0) await sleep(10);
await stream.close();
