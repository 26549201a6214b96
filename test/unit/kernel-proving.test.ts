// SPDX-License-Identifier: Apache-2.0
// A door that the canary cannot try for want of a capability: not proved, and not waited for where that is taken.
import { describe, expect, it } from "vitest";
import { unprovedDoors, warningsOf } from "../../src/agent/reports.js";
import type { Canary, Proof } from "../../src/kernel/canary.js";
import { lackedFor } from "../../src/kernel/capabilities.js";
import type { DoorName, DoorStatus, Kernel } from "../../src/kernel/index.js";
import { readKernelFacts } from "../../src/kernel/probe.js";
import { Proving } from "../../src/kernel/proving.js";

const all = 0x7fffffff;

describe("what the kernel asks for before a door", () => {
  it("is named where it is not there", () => {
    const withoutModule = all - (1 << 16);
    const withoutRaw = all - (1 << 17);
    expect(lackedFor("kernel_load_data", all)).toBe(undefined);
    expect(lackedFor("kernel_load_data", withoutModule)).toBe("SYS_MODULE");
    expect(lackedFor("kernel_read_file", withoutModule)).toBe("SYS_MODULE");
    expect(lackedFor("capable", withoutModule)).toBe(undefined);
    expect(lackedFor("capable", withoutRaw)).toBe("SYS_RAWIO");
    expect(lackedFor("kernel_load_data", withoutRaw)).toBe(undefined);
  });

  it("is nothing for other doors, and where it cannot be told the door is tried", () => {
    expect(lackedFor("file_open", 0)).toBe(undefined);
    expect(lackedFor("capable", -38)).toBe(undefined);
  });
});

const reason = "not tried: no CAP_SYS_RAWIO";
const untried: Proof = { door: "capable", proved: false, untried: true, reason };

function provingOf(proofs: readonly Proof[], takesUntried?: boolean): Proving {
  const canary = { alive: true, prove: async () => proofs, close: () => {} } as unknown as Canary;
  return new Proving(async () => canary, takesUntried);
}

describe("a door that was not tried", () => {
  it("does not stand, unless that is taken", async () => {
    const strict = provingOf([untried]);
    await strict.prove(["capable"]);
    expect(strict.stands("capable")).toBe(false);
    expect(strict.untried("capable")).toBe(false);
    expect(strict.last).toBe(undefined);
    const lenient = provingOf([untried], true);
    await lenient.prove(["capable"]);
    expect(lenient.stands("capable")).toBe(true);
    expect(lenient.untried("capable")).toBe(true);
    expect(lenient.of("capable")).toMatchObject({ proved: false, reason });
    lenient.forget();
    expect(lenient.stands("capable"), "attached anew").toBe(false);
  });

  it("is not a door that failed", async () => {
    const lenient = provingOf([{ door: "capable", proved: false, reason: "the canary's attack succeeded" }], true);
    await lenient.prove(["capable"]);
    expect(lenient.stands("capable")).toBe(false);
  });

  it("is not excused once it could be tried, whether it acted then or not", async () => {
    const proved: Proof = { door: "capable", proved: true, tried: true, reason: "" };
    const failed: Proof = { ...proved, proved: false, reason: "the canary's attack succeeded" };
    const noCanary: Proof = { door: "capable", proved: false, reason: "no canary" };
    for (const first of [proved, failed]) {
      const said = [[first], [untried], [untried]];
      const canary = { alive: true, prove: async () => said.shift(), close: () => {} } as unknown as Canary;
      const proving = new Proving(async () => canary, true);
      await proving.prove(["capable"]);
      for (const _ of [1, 2]) {
        await proving.prove(["capable"]);
        expect(proving.untried("capable")).toBe(false);
        expect(proving.stands("capable")).toBe(false);
        expect(proving.of("capable")?.reason).toBe(`${reason}, though it was tried before`);
      }
    }
    const late = [[noCanary], [untried]];
    const canary = { alive: true, prove: async () => late.shift(), close: () => {} } as unknown as Canary;
    const proving = new Proving(async () => canary, true);
    for (const _ of [1, 2]) await proving.prove(["capable"]);
    expect(proving.stands("capable"), "nothing was tried at first").toBe(true);
  });

  it("is in the warnings where it is taken, and else what readiness waits for", () => {
    const door = (name: DoorName, taken: boolean) =>
      ({ door: name, proved: false, untried: taken, reason, soundness: "sound", recursionMisses: 0n }) as DoorStatus;
    const kernel = (taken: boolean) =>
      ({ form: "lsm", doors: [door("capable", taken)], foreignObjects: [], leftPins: [] }) as unknown as Kernel;
    expect(unprovedDoors(kernel(false))).toEqual([`door capable: ${reason}`]);
    expect(unprovedDoors(kernel(true))).toEqual([]);
    const warned = `door capable stands, and nobody knows whether it acts: ${reason}`;
    expect(warningsOf(kernel(true), readKernelFacts())).toContain(warned);
    expect(warningsOf(kernel(false), readKernelFacts())).not.toContain(warned);
  });
});

describe("a canary that ends in a round", () => {
  const doors: DoorName[] = ["capable", "file_open", "bpf", "task_kill"];

  /** @param lives how many doors each canary lives for */
  function provingWith(lives: number[]): { proving: Proving; closed: () => number } {
    let closed = 0;
    const start = async (): Promise<Canary> => {
      let left = lives.shift() ?? 0;
      const prove = async (which: readonly DoorName[]): Promise<Proof[]> => {
        const lived = which.slice(0, left).map((door) => ({ door, proved: true, tried: true as const, reason: "" }));
        const [last] = which.slice(left);
        left -= lived.length;
        return last === undefined ? lived : [...lived, { door: last, proved: false, reason: "the canary failed" }];
      };
      const canary = { prove, close: () => closed++ };
      return Object.defineProperty(canary, "alive", { get: () => left > 0 }) as unknown as Canary;
    };
    return { proving: new Proving(start), closed: () => closed };
  }

  it("takes the proof of one door along, and the next one goes on behind it", async () => {
    const { proving, closed } = provingWith([1, 5]);
    await proving.prove(doors);
    expect(doors.map((door) => proving.of(door)?.reason)).toEqual(["", "the canary failed", "", ""]);
    expect(closed()).toBe(1);
  });

  it("at a stop is not followed by another", async () => {
    let started = 0;
    const proving = new Proving(async () => {
      started++;
      let alive = true;
      const prove = async (): Promise<Proof[]> => {
        proving.end();
        return [{ door: "capable", proved: false, reason: "the canary failed" }];
      };
      const canary = { prove, close: () => (alive = false) };
      return Object.defineProperty(canary, "alive", { get: () => alive }) as unknown as Canary;
    });
    await proving.prove(doors);
    expect(started).toBe(1);
    expect(proving.of("bpf")?.reason).toBe("no canary: the agent is stopping");
    await proving.prove(doors);
    expect(started, "nor later").toBe(1);
  });

  it("that is made while the agent stops is ended", async () => {
    let closed = 0;
    let made: (canary: Canary) => void = () => {};
    const proving = new Proving(() => new Promise((resolve) => (made = resolve)));
    const proof = proving.prove(doors);
    proving.end();
    made({ alive: true, close: () => closed++ } as unknown as Canary);
    await proof;
    expect(closed).toBe(1);
    expect(proving.of("bpf")?.reason).toBe("no canary: the agent is stopping");
  });

  it("is not followed by one after the other", async () => {
    const { proving } = provingWith([0, 0, 5]);
    await proving.prove(doors);
    const none = "no canary: 2 of them ended in this round";
    expect(doors.map((door) => proving.of(door)?.reason)).toEqual([
      "the canary failed",
      "the canary failed",
      none,
      none,
    ]);
  });
});
