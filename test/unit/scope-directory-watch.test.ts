// SPDX-License-Identifier: Apache-2.0
// What appears in directories is told, however much appears and however long the look takes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DirectoryWatch } from "../../src/scope/directory-watch.js";
import { until } from "./kubernetes-support.js";

const watchers: { emit(event: "error", error: Error): boolean }[] = [];
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const watch = (...given: Parameters<typeof real.watch>) => {
    const watcher = real.watch(...given);
    watchers.push(watcher);
    return watcher;
  };
  return { ...real, watch };
});

let directory: string;
let watched: DirectoryWatch;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-watch-"));
  watchers.length = 0;
});
afterEach(() => {
  watched.close();
  rmSync(directory, { recursive: true, force: true });
});

let made = 0;
const make = (): void => mkdirSync(join(directory, `d${++made}`));
const quiet = (ms = 50) => new Promise((resolve) => setTimeout(resolve, ms));

it("one look at a time, and one more for all that came during it", async () => {
  let [looks, at, most] = [0, 0, 0];
  let goOn = (): void => {};
  watched = new DirectoryWatch(async () => {
    looks++;
    most = Math.max(most, ++at);
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    at--;
  });
  watched.set(new Set([directory]));
  make();
  await until(() => expect(looks).toBe(1));
  for (let i = 0; i < 20; i++) {
    make();
    await quiet(5);
  }
  expect(looks).toBe(1);
  goOn();
  await until(() => expect(looks).toBe(2));
  goOn();
  await quiet();
  expect({ looks, most }).toEqual({ looks: 2, most: 1 });
});

it("a look that fails ends nothing", async () => {
  let looks = 0;
  watched = new DirectoryWatch(() => {
    looks++;
    throw new Error("no");
  });
  watched.set(new Set([directory]));
  make();
  await until(() => expect(looks).toBe(1));
  await quiet();
  make();
  await until(() => expect(looks).toBe(2));
});

it("a directory whose watch failed is watched again at the next set", async () => {
  let looks = 0;
  watched = new DirectoryWatch(() => void looks++);
  watched.set(new Set([directory]));
  watchers[0]?.emit("error", new Error("ENOSPC"));
  watched.set(new Set([directory]));
  expect(watchers).toHaveLength(2);
  make();
  await until(() => expect(looks).toBe(1));
});
