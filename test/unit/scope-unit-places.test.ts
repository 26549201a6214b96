// SPDX-License-Identifier: Apache-2.0
// Where units are: at once where they were, and behind that where systemd says, whatever lies at the old place.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Following } from "../../src/scope/following.js";
import { Hierarchy } from "../../src/scope/index.js";
import { openByWalk } from "./fake-hierarchy.js";

const unit = "pay.service";
const old = `/system.slice/${unit}`;
const moved = `/other.slice/${unit}`;

let root: string;
let following: Following;
let asked: number;
let told: number;
let answer: () => Promise<string>;
const stopped = () => Promise.reject(new Error("it is stopped"));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "places-"));
  [asked, told] = [0, 0];
  answer = async () => old;
  const hierarchy = new Hierarchy(openByWalk, root);
  const ask = () => {
    asked++;
    return answer();
  };
  following = new Following(
    () => hierarchy,
    async () => {
      told++;
      await following.found();
    },
    { ask, restMs: 20 },
  );
  for (const path of [old, "/other.slice"]) make(path);
});
afterEach(() => {
  following.close();
  rmSync(root, { recursive: true, force: true });
});

const make = (path: string): void => void mkdirSync(join(root, path), { recursive: true });
const paths = async () => (await following.found()).map(({ path }) => path);

describe("a unit", () => {
  it("that was started in another slice is found there, though somebody made a group where it was", async () => {
    following.add("pay", { unit });
    expect(await paths()).toEqual([old]);
    make(moved);
    answer = async () => moved;
    expect(await paths(), "at once what was there").toEqual([old]);
    await vi.waitFor(() => expect(told).toBeGreaterThan(0));
    expect((await paths()).sort()).toEqual([moved, old]);
    rmSync(join(root, old), { recursive: true });
    expect(await paths()).toEqual([moved]);
    // Where it is now is watched too.
    following.watch();
    await setTimeout(100);
    const before = told;
    rmSync(join(root, moved), { recursive: true });
    await vi.waitFor(() => expect(told).toBeGreaterThan(before));
  });

  it("is taken where it was while systemd does not answer, or says that it is stopped", async () => {
    following.add("pay", { unit });
    expect(await paths()).toEqual([old]);
    answer = stopped;
    for (let round = 0; round < 3; round++) {
      expect(await paths()).toEqual([old]);
      await setTimeout(40);
    }
    answer = () => new Promise(() => {});
    await vi.waitFor(async () => {
      const before = asked;
      expect(await paths()).toEqual([old]);
      await setTimeout(40);
      expect(asked).toBeGreaterThan(before);
    });
    expect(await paths(), "nobody waits for the answer").toEqual([old]);
  });

  it("that a person names is asked for first", async () => {
    expect(await following.pathsOf({ unit })).toEqual([old]);
    make(moved);
    answer = async () => moved;
    expect(await following.pathsOf({ unit })).toEqual([old]);
    expect(await following.pathsOf({ unit }, true)).toEqual([moved, old]);
    answer = stopped;
    expect(await following.pathsOf({ unit }, true)).toEqual([moved, old]);
    for (const path of [old, moved]) rmSync(join(root, path), { recursive: true });
    await expect(following.pathsOf({ unit }, true)).rejects.toThrow(/stopped/);
  });

  it("is not asked for more often than a rest allows, and once more after the last change", async () => {
    following.add("pay", { unit });
    await paths();
    const before = asked;
    for (let round = 0; round < 200; round++) await paths();
    make(moved);
    answer = async () => moved;
    await paths();
    await vi.waitFor(async () => expect((await following.pathsOf({ unit })).sort()).toEqual([moved, old]));
    expect(asked - before).toBeLessThan(50);
  });
});
