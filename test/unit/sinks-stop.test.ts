// SPDX-License-Identifier: Apache-2.0
// A stop takes as long as it may, whatever hangs, and what is lost by it is counted.

import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { Outlets } from "../../src/sinks/index.js";
import { Source, scratch } from "./sinks-support.js";
import { http, httpReceiver } from "./sinks-transports.js";

afterEach(() => void vi.restoreAllMocks());

it("ends in time beside a disk that never answers, and counts what was in memory", async () => {
  const handles = Object.getPrototypeOf(
    await open("/dev/null").then((one) => one.close().then(() => one)),
  ) as FileHandle;
  const sink = { name: "dead", http: { url: "http://127.0.0.1:9/", protocol: "webhook" } };
  const stateDirectory = join(scratch, "stop");
  const outlets = await Outlets.open(configSchema.parse({ stateDirectory, events: { stdout: false }, sinks: [sink] }));
  await vi.waitFor(() => expect(outlets.reports()[0]?.stats.queued).toBe(0));
  let answer = (): void => {};
  const hung = new Promise<void>((resolve) => (answer = resolve));
  const real = handles.write as unknown as (this: FileHandle, ...given: unknown[]) => never;
  (vi.spyOn(handles, "write") as unknown as ReturnType<typeof vi.fn>).mockImplementation(async function (
    this: FileHandle,
    ...given: unknown[]
  ) {
    await hung;
    return real.apply(this, given);
  });
  for (const { event, line } of new Source().many(30)) outlets.publish(event, line);
  await vi.waitFor(() => expect(handles.write).toHaveBeenCalled());
  const start = performance.now();
  await outlets.close(100);
  expect(performance.now() - start).toBeLessThan(3000);
  expect(outlets.losses().get("dead_closed")).toBe(30);
  answer();
});

it("ends a request that it begins after it was told to stop", async () => {
  const receiver = await httpReceiver();
  receiver.answer = () => undefined; // never
  const stop = new AbortController();
  const transport = http(`http://127.0.0.1:${receiver.port}/`, { timeoutMs: 20_000 });
  const start = performance.now();
  const sending = transport.send(new Source().many(1), stop.signal);
  // While the body is packed.
  stop.abort();
  await expect(sending).rejects.toThrow();
  expect(performance.now() - start).toBeLessThan(5000);
  transport.close();
});
