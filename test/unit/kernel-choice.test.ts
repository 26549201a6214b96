// SPDX-License-Identifier: Apache-2.0
// The choice of the form: one that refuses wherever a door is proved in it; signal only as the last resort.
import { describe, expect, it } from "vitest";
import { CloudtaserError } from "../../src/errors/index.js";
import { type Candidate, openBest } from "../../src/kernel/choice.js";
import { type Form, soundnessOf } from "../../src/kernel/doors.js";
import { preemptionOf } from "../../src/kernel/preemption.js";

const all = 3;

class Opened implements Candidate {
  closed = false;
  constructor(
    readonly form: Form,
    readonly provedCount: number,
    readonly tookOver = false,
    readonly crowded = false,
  ) {}

  get unproven(): string[] {
    return Array.from({ length: all - this.provedCount }, (_, index) => `door ${index}`);
  }

  close(): void {
    this.closed = true;
  }
}

/** A machine on which each form proves so many doors, or is refused whole. */
function machine(proved: Partial<Record<Form, number | "refused">>, tookOver = false, crowded = false) {
  const opened: Opened[] = [];
  const openIn = async (form: Form): Promise<Opened> => {
    const count = proved[form] ?? "refused";
    if (count === "refused") throw new CloudtaserError("NO_DOORS", { target: form });
    const one = new Opened(form, count, tookOver, crowded);
    opened.push(one);
    return one;
  };
  return { opened, openIn };
}

const auto = async (proved: Partial<Record<Form, number | "refused">>, tookOver = false) => {
  const { opened, openIn } = machine(proved, tookOver);
  const chosen = await openBest(["lsm", "fmod_ret"], "signal", openIn);
  // Whatever else was tried is off again.
  expect(opened.filter((one) => !one.closed)).toEqual([chosen]);
  return { form: chosen.form, tried: opened.map(({ form }) => form) };
};

describe("auto", () => {
  it("takes the first form in which every door is proved", async () => {
    expect(await auto({ lsm: all, fmod_ret: all, signal: all })).toEqual({ form: "lsm", tried: ["lsm"] });
    expect(await auto({ lsm: 0, fmod_ret: all, signal: all })).toMatchObject({ form: "fmod_ret" });
    expect(await auto({ lsm: "refused", fmod_ret: all, signal: all })).toMatchObject({ form: "fmod_ret" });
  });

  it("takes the form with more doors, never signal while one of them is proved", async () => {
    expect(await auto({ lsm: 2, fmod_ret: 1, signal: all })).toMatchObject({ form: "lsm" });
    expect(await auto({ lsm: 1, fmod_ret: 2, signal: all })).toMatchObject({ form: "fmod_ret" });
    expect(await auto({ lsm: "refused", fmod_ret: 1, signal: all })).toMatchObject({ form: "fmod_ret" });
  });

  it("takes signal where no door of the others is proved", async () => {
    expect(await auto({ lsm: 0, fmod_ret: 0, signal: all })).toMatchObject({ form: "signal" });
    expect(await auto({ lsm: "refused", fmod_ret: "refused", signal: 1 })).toMatchObject({ form: "signal" });
  });

  it("does not take signal when that proves nothing either", async () => {
    expect(await auto({ lsm: 0, fmod_ret: 0, signal: 0 })).toMatchObject({ form: "lsm" });
    expect(await auto({ lsm: 0, fmod_ret: 0, signal: "refused" })).toMatchObject({ form: "lsm" });
    await expect(auto({})).rejects.toMatchObject({ code: "NO_DOORS", target: "lsm" });
  });

  it("keeps what it took over, proved or not", async () => {
    expect(await auto({ lsm: 0, fmod_ret: all, signal: all }, true)).toEqual({ form: "lsm", tried: ["lsm"] });
  });
});

it("a hook that others have filled gets nobody a weaker form", async () => {
  const { opened, openIn } = machine({ lsm: 2, fmod_ret: all, signal: all }, false, true);
  expect((await openBest(["lsm", "fmod_ret"], "signal", openIn)).form).toBe("lsm");
  expect(opened.map(({ form, closed }) => ({ form, closed }))).toEqual([{ form: "lsm", closed: false }]);
});

it("a form that was asked for is not exchanged for another", async () => {
  const { openIn } = machine({ lsm: 0, signal: all });
  expect((await openBest(["lsm"], undefined, openIn)).form).toBe("lsm");
  await expect(openBest(["fmod_ret"], undefined, openIn)).rejects.toMatchObject({ code: "NO_DOORS" });
});

describe("soundness", () => {
  it("is sound only in a form that refuses and is not skipped", () => {
    expect(soundnessOf("lsm", true)).toBe("sound");
    expect(soundnessOf("fmod_ret", false)).toBe("sound");
    expect(soundnessOf("fmod_ret", true)).toBe("may be skipped under preemption");
    for (const preempts of [true, false]) expect(soundnessOf("signal", preempts)).toBe("kills after the fact");
  });

  it("rests on debugfs where it can be read, else on the build, and on the worst where neither tells", () => {
    expect(preemptionOf("#1 SMP PREEMPT_DYNAMIC", "none (voluntary) full", "6.12.1")).toBe("voluntary");
    expect(preemptionOf("#1 SMP PREEMPT_DYNAMIC", "none voluntary (full)", "6.12.1")).toBe("full");
    expect(preemptionOf("#1 SMP PREEMPT_DYNAMIC", undefined, "6.12.1")).toBe("unknown");
    expect(preemptionOf("#1 SMP PREEMPT_DYNAMIC", undefined, "7.2.0")).toBe("lazy");
    expect(preemptionOf("#1 SMP Debian", undefined, "5.10.0")).toBe("none");
  });
});
