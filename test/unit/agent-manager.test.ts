// SPDX-License-Identifier: Apache-2.0
// What the service manager is told, and when.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ServiceManager, watchdogMs } from "../../src/agent/manager.js";
import { createLog } from "../../src/log/index.js";

let told: string[];
let logged: string[];
beforeEach(() => {
  told = [];
  logged = [];
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => void vi.useRealTimers());

const manager = (env: Record<string, string> = {}, fault?: Error) =>
  new ServiceManager({
    native: {
      notify(text) {
        if (fault) throw fault;
        told.push(text);
        return true;
      },
    },
    log: createLog({ write: (line) => logged.push(line) }),
    env,
    pid: 7,
  });

describe("the service manager", () => {
  it("hears READY only when nothing is missing, and why not before that", () => {
    const it = manager();
    it.state(["door bpf: EPERM\nSTOPPING=1", "door file_open: …"], "enforce");
    it.state([], "enforce");
    expect(told).toEqual(["STATUS=not ready: door bpf: EPERM STOPPING=1", "READY=1\nSTATUS=guarding in enforce mode"]);
  });

  it("hears READY without pods of which nobody tells, and that they are missing", () => {
    const it = manager();
    it.state([], "enforce", ["pods of this node: the API server has not answered\nREADY=0"]);
    it.state(["door bpf: EPERM"], "enforce", ["pods of this node: the API server has not answered"]);
    expect(told).toEqual([
      "READY=1\nSTATUS=guarding in enforce mode; pods of this node: the API server has not answered READY=0",
      "STATUS=not ready: door bpf: EPERM",
    ]);
  });

  it("hears of a reload with the time of its begin, and READY at its end, refused or not", () => {
    const it = manager();
    it.state([], "detect");
    it.reloading();
    it.reloaded(false, "enforce");
    it.reloading();
    it.reloaded(true, "enforce");
    expect(told[1]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d{6,}\nSTATUS=/);
    expect(told[2]).toBe("READY=1\nSTATUS=guarding in enforce mode");
    expect(told[4]).toBe("READY=1\nSTATUS=the new configuration was refused, the old one is in force");
  });

  it("hears no READY by way of a reload while a door is not proved yet", () => {
    const it = manager();
    it.state(["door bpf: EPERM"], "detect");
    it.reloading();
    it.reloaded(false, "detect");
    expect(told.join("\n")).not.toMatch(/READY|RELOADING/);
  });

  it("hears that the loop turns, at half of the time that it waits", () => {
    const it = manager({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" });
    it.state([], "detect");
    told = [];
    it.watch();
    vi.advanceTimersByTime(90_000);
    expect(told).toEqual(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    it.close();
    vi.advanceTimersByTime(90_000);
    expect(told).toHaveLength(4);
  });

  it.each([
    [{}, ["EXTEND_TIMEOUT_USEC=90000000"]],
    [{ WATCHDOG_USEC: "40000000" }, ["WATCHDOG=1", "EXTEND_TIMEOUT_USEC=60000000"]],
  ])("with %o goes on waiting for a start whose doors are not proved, until they are", (env, signs) => {
    const it = manager(env);
    it.state(["door bpf: EPERM"], "enforce");
    told = [];
    it.watch();
    vi.advanceTimersByTime(30_000);
    expect(told).toEqual([...signs, ...signs]);
    const stopped = manager(env);
    stopped.stopping();
    stopped.watch();
    expect(told.slice(2 * signs.length).join()).not.toContain("EXTEND");
    stopped.close();
    it.state([], "enforce");
    told = [];
    vi.advanceTimersByTime(60_000);
    expect(told.join("\n")).not.toContain("EXTEND");
    it.close();
  });

  it.each([
    [{}, undefined],
    [{ WATCHDOG_USEC: "60000000" }, 30_000],
    [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, undefined],
    [{ WATCHDOG_USEC: "0" }, undefined],
    [{ WATCHDOG_USEC: "soon" }, undefined],
  ])("with %o is told each %s ms", (env, ms) => expect(watchdogMs({ env, pid: 7 })).toBe(ms));

  it("that is gone stops nothing, and is told of once", () => {
    const it = manager({}, new Error("ECONNREFUSED"));
    it.state([], "detect");
    it.stopping();
    expect(logged.filter((line) => line.includes("service manager was not reached"))).toHaveLength(1);
  });
});
