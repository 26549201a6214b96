// SPDX-License-Identifier: Apache-2.0
// When doors wake and sleep, against doors that are only a record of what was asked of them.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Idling, type Sleeper } from "../../src/kernel/idling.js";

class FakeDoors implements Sleeper {
  awake = true;
  needed = false;
  missing: string[] = [];
  failure: Error | undefined;
  readonly told: string[] = [];
  /** What a waking or sleeping waits for. */
  gate: Promise<void> = Promise.resolve();

  isNeeded(): boolean {
    return this.needed;
  }

  async wake(): Promise<string[]> {
    this.told.push("wake");
    await this.gate;
    if (this.failure) throw this.failure;
    this.awake = true;
    return this.missing;
  }

  async sleep(still: () => boolean): Promise<void> {
    this.told.push("sleep");
    await this.gate;
    if (this.failure) throw this.failure;
    if (still()) this.awake = false;
  }
}

describe("idling", () => {
  let doors: FakeDoors;
  let changes: string[];
  let idling: Idling;

  beforeEach(() => {
    vi.useFakeTimers();
    doors = new FakeDoors();
    changes = [];
    idling = new Idling(doors, (awake, error) =>
      changes.push(error === undefined ? String(awake) : `failed: ${error}`),
    );
  });
  afterEach(() => {
    idling.stop();
    vi.useRealTimers();
  });

  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  it("stands until it may sleep, and sleeps some time after it is needed no more", async () => {
    await pass(60_000);
    expect(doors.awake).toBe(true);
    doors.needed = true;
    idling.start();
    await pass(60_000);
    expect(doors.awake).toBe(true);
    doors.needed = false;
    await pass(3_000);
    expect(doors.awake, "without grace").toBe(true);
    await pass(5_000);
    expect(doors.awake).toBe(false);
    expect(changes).toEqual(["false"]);
    await pass(60_000);
    expect(doors.told, "it looks on though it sleeps").toEqual(["sleep"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("acknowledges nothing before the doors are awake, and says what is missing", async () => {
    doors.awake = false;
    doors.missing = ["door bpf: gone"];
    let open = (): void => {};
    doors.gate = new Promise((resolve) => (open = resolve));
    const seen: unknown[] = [];
    const done = idling.whileAwake((missing) => seen.push(doors.awake, missing));
    await pass(10_000);
    expect(seen).toEqual([]);
    open();
    await done;
    expect(seen).toEqual([true, ["door bpf: gone"]]);
    expect(changes).toEqual(["true"]);
  });

  it("wakes once for two at a time", async () => {
    doors.awake = false;
    await Promise.all([idling.whileAwake(() => {}), idling.whileAwake(() => {})]);
    expect(changes).toEqual(["true"]);
  });

  it("gives up falling asleep when somebody comes meanwhile", async () => {
    idling.start();
    let open = (): void => {};
    doors.gate = new Promise((resolve) => (open = resolve));
    await pass(6_000);
    expect(doors.told).toEqual(["sleep"]);
    const seen: boolean[] = [];
    const done = idling.whileAwake(() => void seen.push(doors.awake));
    open();
    await done;
    expect(seen).toEqual([true]);
    expect(doors.told).toEqual(["sleep", "wake"]);
    expect(changes, "they never were off").toEqual([]);
    await pass(10_000);
    expect(doors.awake, "it sleeps later all the same").toBe(false);
  });

  it("stays awake while an action runs, however long", async () => {
    idling.start();
    let end = (): void => {};
    const done = idling.whileAwake(() => new Promise<void>((resolve) => (end = resolve)));
    await pass(60_000);
    expect(doors.awake).toBe(true);
    end();
    await done;
    await pass(10_000);
    expect(doors.awake).toBe(false);
  });

  it("passes a failure to wake on, and lets the next one try again", async () => {
    doors.awake = false;
    doors.failure = new Error("no room");
    await expect(idling.whileAwake(() => "done")).rejects.toThrow("no room");
    doors.failure = undefined;
    expect(await idling.whileAwake(() => "done")).toBe("done");
  });

  it("says that it cannot sleep, and tries again later", async () => {
    idling.start();
    doors.failure = new Error("still in scope");
    await pass(10_000);
    expect(changes).toEqual(["failed: Error: still in scope"]);
    expect(doors.awake).toBe(true);
    doors.failure = undefined;
    await pass(70_000);
    expect(doors.awake).toBe(false);
  });

  it("does nothing after it was stopped", async () => {
    idling.start();
    idling.stop();
    await pass(60_000);
    expect(doors.told).toEqual([]);
  });
});
