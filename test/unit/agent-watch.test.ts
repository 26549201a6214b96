// SPDX-License-Identifier: Apache-2.0
// The rounds in which doors are proved again go on whatever else takes its time.
import { expect, it, vi } from "vitest";
import type { Notices } from "../../src/agent/notices.js";
import { lookAtDevices, Watch } from "../../src/agent/watch.js";
import type { Kernel } from "../../src/kernel/index.js";
import type { Log } from "../../src/log/index.js";
import type { Scope } from "../../src/scope/index.js";

function watching(
  rescan: () => Promise<void>,
  check: () => Promise<void> = async () => {},
  tables: { introduce?: () => void; refreshDevices?: () => void } = {},
) {
  const calls = { proved: 0, looked: 0, rescanned: 0, told: 0, errors: [] as unknown[] };
  const kernel = {
    prove: async () => void calls.proved++,
    introduce: () => {},
    idle: false,
    refreshDevices: () => {},
    list: () => [],
    ...tables,
  } as unknown as Kernel;
  const scope = {
    rescan: () => {
      calls.rescanned++;
      return rescan();
    },
  } as unknown as Scope;
  const notices = {
    look: () => {
      calls.looked++;
      return 0;
    },
    silenced: () => {},
  } as unknown as Notices;
  const log = { error: (_text: string, data: { error: unknown }) => calls.errors.push(data.error) } as unknown as Log;
  const watch = new Watch(kernel, scope, notices, log, { check, proved: () => void calls.told++ });
  watch.every(0.005);
  return { watch, calls };
}

it("doors are proved again while thousands of processes are hardened, in one look at a time", async () => {
  const { watch, calls } = watching(() => new Promise(() => {}));
  await vi.waitFor(() => expect(calls.looked).toBeGreaterThan(3));
  expect(calls.proved).toBeGreaterThan(3);
  expect(calls.rescanned).toBe(1);
  watch.stop();
});

it("a look that fails is told, and made again", async () => {
  const { watch, calls } = watching(() => Promise.reject(new Error("gone")));
  await vi.waitFor(() => expect(calls.rescanned).toBeGreaterThan(2));
  watch.stop();
  expect(calls.errors[0]).toMatchObject({ message: "gone" });
});

it("a check that fails each time keeps nothing else from its turn", async () => {
  const { watch, calls } = watching(
    async () => {},
    () => Promise.reject(new Error("no room")),
  );
  await vi.waitFor(() => expect(calls.rescanned).toBeGreaterThan(2));
  await vi.waitFor(() => expect(calls.told).toBeGreaterThan(2));
  watch.stop();
  expect(calls.errors[0]).toMatchObject({ message: "no room" });
});

it("tables of the doors that are full are told of at each round, and keep nothing else from its turn", async () => {
  const full = (map: string) => (): void => {
    throw new Error(`E2BIG: update map ${map}`);
  };
  const { watch, calls } = watching(
    async () => {},
    async () => {},
    { introduce: full("pinned"), refreshDevices: full("devices") },
  );
  await vi.waitFor(() => expect(calls.told).toBeGreaterThan(2));
  watch.stop();
  expect(calls.proved).toBeGreaterThan(2);
  expect(calls.rescanned).toBeGreaterThan(2);
  const said = calls.errors.map((error) => (error as Error).message);
  for (const map of ["pinned", "devices"])
    expect(said.filter((text) => text.endsWith(` ${map}`)).length, map).toBeGreaterThan(1);
});

it("devices that do not fit into their table are told of at a start, which goes on", () => {
  const told: unknown[] = [];
  const full = new Error("no room");
  const refreshDevices = () => {
    throw full;
  };
  lookAtDevices({ refreshDevices }, { error: (_text, data) => void told.push(data) });
  expect(told).toEqual([{ error: full }]);
});
