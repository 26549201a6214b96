// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { Arming, unarmed } from "../../src/agent/arming.js";
import type { DoorStatus, PolicySet } from "../../src/kernel/index.js";

const kernel = (proved: boolean[], { before = [] as string[], untried = false } = {}) => ({
  enforcedBefore: before,
  doors: proved.map((one) => ({ door: "file_open", proved: one, untried, reason: "" }) as DoorStatus),
});

describe("self-protection", () => {
  test("is armed once every door has been proved, and stays so", () => {
    const arming = new Arming();
    expect(arming.may(kernel([true, false]))).toBe(false);
    arming.settle(false);
    expect(arming.isDue(kernel([true, false]))).toBe(false);
    expect(arming.warnings).toHaveLength(1);
    expect(arming.isDue(kernel([true, true]))).toBe(true);
    arming.settle(arming.may(kernel([true, true])));
    expect(arming.isDue(kernel([true, true]))).toBe(false);
    expect(arming.may(kernel([false])), "whoever breaks the proof disarms nothing").toBe(true);
    expect(arming.warnings).toEqual([]);
  });

  test("stays due until it is in force", () => {
    const arming = new Arming();
    arming.settle(false);
    expect([1, 2].map(() => arming.isDue(kernel([true])))).toEqual([true, true]);
  });

  test("is taken over armed from an agent that was, and does not wait for doors that are taken as they stand", () => {
    expect(new Arming().may(kernel([false], { before: ["environ_read", "bpf_tamper"] }))).toBe(true);
    // It died before it could prove its doors.
    expect(new Arming().may(kernel([false], { before: ["environ_read"] }))).toBe(false);
    expect(new Arming().may(kernel([false], { untried: true }))).toBe(true);
  });

  test("until then what is done to the agent is reported, and all else is as it is configured", () => {
    const rule = (vector: string, mode: "enforce" | "detect" | "off", kill = false) => ({ vector, mode, kill });
    const rules = [
      rule("environ_read", "enforce", true),
      rule("agent_signal", "enforce", true),
      rule("agent_access", "off"),
      rule("bpf_tamper", "enforce"),
      rule("pin_remove", "detect"),
      rule("module_load", "enforce"),
    ];
    expect(unarmed({ rules, reportAllowed: true } as Partial<PolicySet> as PolicySet)).toEqual({
      rules: [
        rule("environ_read", "enforce", true),
        rule("agent_signal", "detect"),
        rule("agent_access", "off"),
        rule("bpf_tamper", "detect"),
        rule("pin_remove", "detect"),
        rule("module_load", "enforce"),
      ],
      reportAllowed: true,
    });
  });
});
