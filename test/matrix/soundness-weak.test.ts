// SPDX-License-Identifier: Apache-2.0
// The machine on which the agent is not sound, and must say so: 7.2 preempts inside the kernel by default, and without
// bpf in its LSM list only fmod_ret is left, which the kernel may skip. What gets through must not go unnoticed.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Guest } from "../lab/guest.js";
import { withoutBpf } from "./configurations.js";
import { Field, type Person, type SeenNotice } from "./field.js";
import { keepFigures, missesAt, race, roads, soundnessOf, standing } from "./soundness.js";

const weak = "may be skipped under preemption";

describe("7.2 without bpf in its LSM list", () => {
  let field: Field;
  let victim: Person;

  beforeAll(async () => {
    field = new Field(await Guest.boot({ kernel: "7.2", cmdline: withoutBpf, memory: "1536M" }));
    victim = await field.person();
    await field.startAgent({ mode: "enforce", canary: { interval: 2 } });
    await field.protect(victim.pid, "victim");
  }, 600_000);

  afterAll(async () => {
    await field?.guest.close();
  });

  /** Waits for an event that the agent makes at its next round. */
  async function noticed(wanted: (notice: SeenNotice) => boolean): Promise<SeenNotice[]> {
    const deadline = Date.now() + 120_000;
    for (;;) {
      const found = (await field.notices()).filter(wanted);
      if (found.length > 0 || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  test("the agent never claims to be sound, and doctor says what to change", async () => {
    for (const { vector } of roads) expect((await soundnessOf(field)).get(vector)).toBe(weak);
    const status = await standing(field);
    expect(new Set(status.doors.map(({ soundness }) => soundness))).toEqual(new Set([weak]));
    expect(status.warnings.join("\n")).toMatch(/preempts \(lazy\).*boot with lsm=\S+,bpf/);
    expect(await noticed(({ type }) => type === "AGENT_STARTED")).toMatchObject([
      { severity: "high", detail: { form: "fmod_ret", soundness: weak } },
    ]);
    const doctor = await field.sh("cloudtaser doctor");
    expect(doctor.status).not.toBe(0);
    expect(doctor.stdout).toMatch(/may skip one/);
    expect(doctor.stdout).toMatch(/change: .*add bpf to the boot option: lsm=\S+,bpf/);
  }, 300_000);

  test("what gets through a race is counted by the kernel and reported", async () => {
    const figures: Record<string, unknown> = {};
    let passed = 0;
    for (const { road, door } of [...roads, { road: "mem", door: "file_open" }]) {
      const before = missesAt(await standing(field), door);
      const result = await race(field, road, victim);
      const missed = missesAt(await standing(field), door) - before;
      figures[road] = { ...result, missed };
      expect({ road, ...result, missed }).toSatisfy(() => missed >= result.passed);
      // A second door stands behind the first: data comes out less often than the first step succeeds.
      expect(result.got).toBeLessThanOrEqual(result.passed);
      passed += result.passed;
      if (missed === 0) continue;
      const reported = await noticed(({ type, door: where }) => type === "GUARD_SKIPPED" && where === door);
      expect(reported, `no event although ${missed} calls were missed at ${door}`).not.toEqual([]);
      expect(reported[0]?.severity).toBe("critical");
      expect(reported[0]?.vectors).toContain(door === "file_open" ? "environ_read" : "process_vm_read");
    }
    keepFigures("7.2-nobpf", figures);
    // Whether one gets through is chance: that none did is no failure, and stands in the figures.
    if (passed === 0) process.stdout.write("7.2-nobpf: no attempt of the race got through this time\n");
  }, 600_000);

  test("a change of the preemption mode is seen, shown and reported", async () => {
    // Where it is refused there is nothing to see.
    await field.reconfigure({ mode: "enforce", canary: { interval: 2 }, vectors: { hooks_off: { mode: "detect" } } });
    await field.sh("echo full > /sys/kernel/debug/sched/preempt");
    expect(await noticed(({ type }) => type === "PREEMPTION_CHANGED")).toMatchObject([
      { severity: "high", detail: { before: "lazy", now: "full", form: "fmod_ret" } },
    ]);
    const status = await standing(field);
    expect(status.preemption).toBe("full");
    expect(status.warnings.join("\n")).toMatch(/preempts \(full\)/);
  }, 300_000);

  test("a door that is silenced is reported, and so is the way back", async () => {
    await field.sh("sysctl -w kernel.ftrace_enabled=0");
    const [silenced] = await noticed(({ type }) => type === "GUARD_SILENCED");
    expect(silenced).toMatchObject({ severity: "critical", detail: { restored: "yes" } });
    expect((await field.sh("sysctl -n kernel.ftrace_enabled")).stdout.trim()).toBe("1");
  }, 300_000);

  test("the events of one run, attacks and its own, count without a gap", async () => {
    expect(await field.stopAgent()).toBe(0);
    const all = [...(await field.events()), ...(await field.notices())];
    const numbers = all.map(({ seq }) => seq).sort((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const last = all.filter(({ seq }) => seq > numbers.length - 2).sort((a, b) => a.seq - b.seq);
    expect(last).toMatchObject([
      { type: "AGENT_STOPPED", detail: { doors: "detach" } },
      { type: "CHECKPOINT", detail: { reason: "stop" } },
    ]);
  }, 300_000);

  test("an agent that finds the doors' switch off turns it on before it starts", async () => {
    const off = await field.sh("sysctl -w kernel.ftrace_enabled=0 && sysctl -n kernel.ftrace_enabled");
    expect(off.stdout.trim().split("\n").at(-1)).toBe("0");
    await field.startAgent({ mode: "enforce" });
    expect((await field.sh("sysctl -n kernel.ftrace_enabled")).stdout.trim()).toBe("1");
    expect(field.agent?.stderr).toContain("kernel.ftrace_enabled was 0");
    await field.protect(victim.pid, "victim");
    const { truth } = await field.attack("environ_read", "default", victim);
    expect(truth).toMatchObject({ succeeded: false, errnoName: "EPERM", got: "" });
    expect(await field.stopAgent()).toBe(0);
  }, 300_000);
});
