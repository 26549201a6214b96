// SPDX-License-Identifier: Apache-2.0
// Receivers that are away for as long as two hundred thousand events take, over a stop and a start of the agent: when they
// come, all of it arrives, in order, once or under the same id again.

import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { Outlets } from "../../src/sinks/index.js";
import { countArrivals, HttpReceiver, Source, SyslogReceiver, scratch, seqOf } from "./sinks-support.js";

const many = 200_000;
/** As many as come in one turn of the event loop under a storm. */
const burst = 64;
const patience = 60_000;
const spool = { maxBytes: 256 * 1024 * 1024 };
/** Of a line, what the spool writes before it. */
const spoolPrefix = 2;
/** Bytes that wait in memory: half of what a queue takes of such lines. */
const mostBehind = 3 * 1024 * 1024;

const idOf = (line: string): string => /"id":"([0-9a-f-]{36})"/.exec(line)?.[1] ?? "";

/** Numbers in the order of their first arrival; throws where a repeated one has another id. */
function firstArrivals(lines: readonly string[]): number[] {
  const ids = new Map<number, string>();
  for (const line of lines) {
    const seq = seqOf(line);
    const known = ids.get(seq) ?? idOf(line);
    if (known !== idOf(line)) throw new Error(`${seq} came under two ids`);
    ids.set(seq, known);
  }
  return [...ids.keys()];
}

it(
  "loses none of two hundred thousand events while nobody receives",
  async () => {
    const web = new HttpReceiver();
    const log = new SyslogReceiver();
    // A port each, and nobody there.
    for (const receiver of [web, log]) {
      await receiver.start();
      await receiver.kill();
    }
    const config = configSchema.parse({
      stateDirectory: join(scratch, "away"),
      events: { stdout: false },
      // Queue and batches as they are when nobody says otherwise.
      sinks: [
        { name: "web", spool, http: { url: `http://127.0.0.1:${web.port}/`, protocol: "webhook", gzip: false } },
        { name: "log", spool, syslog: { host: "127.0.0.1", port: log.port, transport: "tcp" } },
      ],
    });
    const source = new Source();
    let outlets = await Outlets.open(config);
    const queued = (): number[] => outlets.reports().map(({ stats }) => stats.queued);
    let bytes = 0;
    const behind = (): number => bytes - Math.min(...outlets.reports().map(({ stats }) => stats.spoolBytes));
    const send = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += burst) {
        for (const { event, line } of source.many(Math.min(burst, count - done))) {
          bytes += line.length + spoolPrefix;
          outlets.publish(event, line);
        }
        await turn();
        // A disk may be busy with what others write; what happens when memory is full is another matter.
        while (behind() > mostBehind) await sleep(1);
      }
    };
    await send(many / 2);
    expect(queued()).toEqual([many / 2, many / 2]);
    await outlets.close(5000);
    expect([...outlets.losses().values()].filter((count) => count > 0)).toEqual([]);
    outlets = await Outlets.open(config);
    await send(many / 2);
    await vi.waitFor(() => expect(queued()).toEqual([many, many]), 10_000);
    for (const { stats } of outlets.reports()) expect(stats).toMatchObject({ delivered: 0 });

    for (const receiver of [web, log]) await receiver.start();
    // Away once more when they have a part of it.
    await vi.waitFor(() => expect(log.messages.length).toBeGreaterThan(many / 10), { timeout: patience, interval: 5 });
    for (const receiver of [web, log]) await receiver.kill();
    await sleep(100);
    for (const receiver of [web, log]) await receiver.start();
    await vi.waitFor(() => expect(queued()).toEqual([0, 0]), patience);
    await vi.waitFor(() => expect(new Set(log.messages.map(seqOf)).size).toBe(many), {
      timeout: patience,
      interval: 500,
    });
    const upToMany = Array.from({ length: many }, (_, index) => index + 1);
    for (const lines of [web.bodies.trim().split("\n"), log.messages]) {
      expect(countArrivals(lines.map(seqOf), many).most).toBeLessThanOrEqual(2);
      expect(firstArrivals(lines)).toEqual(upToMany);
    }
    expect([...outlets.losses().values()].filter((count) => count > 0)).toEqual([]);
    await outlets.close(1000);
    for (const receiver of [web, log]) await receiver.kill();
  },
  4 * patience,
);
