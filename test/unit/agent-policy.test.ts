// SPDX-License-Identifier: Apache-2.0
// From configuration to the rules that the kernel gets: only workloads that say something of their own have an entry.
import { describe, expect, it } from "vitest";
import { buildPolicy, overridesOf } from "../../src/agent/policy.js";
import { configSchema } from "../../src/config/schema.js";
import { vectorNames, vectorTable } from "../../src/vectors/index.js";

const config = {
  ...configSchema.parse({
    mode: "detect",
    kill: true,
    workloads: [
      { name: "plain", pid: 1 },
      { name: "strict", mode: "enforce", vectors: { environ_read: { kill: false } } },
      { name: "apart", membersMayInspect: false },
    ],
  }),
  nodeName: "n",
};
const numbers: Record<string, number> = { strict: 4, apart: 5 };
const numberOf = (name: string): number => {
  const number = numbers[name];
  if (number === undefined) throw new Error(`nobody needs a number for ${name}`);
  return number;
};

describe("buildPolicy", () => {
  it("has a rule for each vector, and rules of workloads for vectors against processes", () => {
    const policy = buildPolicy(config, [], numberOf);
    expect(policy.rules.map(({ vector }) => vector)).toEqual(vectorNames);
    expect(policy.groups.map(({ group, membersMayInspect }) => [group, membersMayInspect])).toEqual([
      [4, true],
      [5, false],
    ]);
    const ofProcesses = vectorNames.filter((vector) => vectorTable[vector].scope !== "node");
    for (const { rules } of policy.groups) expect(rules.map(({ vector }) => vector)).toEqual(ofProcesses);
    const rule = (vector: string) => policy.groups[0]?.rules.find((one) => one.vector === vector);
    expect(rule("environ_read")).toEqual({ vector: "environ_read", mode: "enforce", kill: false });
    expect(rule("ptrace_attach")).toEqual({ vector: "ptrace_attach", mode: "enforce", kill: true });
  });
});

describe("overridesOf", () => {
  it("tells what differs and nothing else", () => {
    expect(overridesOf(config, "plain")).toEqual({});
    expect(overridesOf(config, "apart")).toEqual({});
    expect(overridesOf(config, "nobody")).toEqual({});
    expect(overridesOf(config, "strict")).toMatchObject({ environ_read: { mode: "enforce", kill: false } });
    expect(overridesOf(config, "strict")).not.toHaveProperty("module_load");
  });
});
