// SPDX-License-Identifier: Apache-2.0
// Between the pods of the node, scope and policy: who is protected as what, and by which rules.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { podGuard } from "../../src/agent/pods.js";
import { Rules } from "../../src/agent/rules.js";
import { configSchema } from "../../src/config/schema.js";
import { CloudtaserError } from "../../src/errors/index.js";
import type { Kernel, PolicySet } from "../../src/kernel/index.js";
import { createLog } from "../../src/log/index.js";
import { Groups, type ProtectResult } from "../../src/scope/index.js";

const directory = mkdtempSync(join(tmpdir(), "ct-pods-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const log = createLog({ write: () => {} });

/** A kernel that takes rules of so many workloads. */
function rulesWith(most: number) {
  const policies: PolicySet[] = [];
  const kernel = {
    async setNodeGuards() {},
    leaks: { configure() {} },
    setPolicy(policy: PolicySet) {
      if (policy.groups.length > most) throw new Error("too many workloads with rules");
      policies.push(policy);
    },
  } as unknown as Kernel;
  const groups = new Groups(join(directory, `workloads-${Math.random()}.json`));
  const rules = new Rules(groups, log);
  const config = { ...configSchema.parse({ workloads: [{ name: "db", mode: "enforce" }] }), nodeName: "n" };
  return { rules, kernel, config, policies, groups };
}

describe("rules of pods", () => {
  it("stand beside those of the configuration, until they are replaced", async () => {
    const { rules, kernel, config, policies, groups } = rulesWith(100);
    await rules.apply(kernel, rules.resolve(config));
    const { rules: setRules } = podGuard({ rules, kernel, scope: noScope });
    await setRules([{ name: "payments.api.1", rules: { mode: "enforce", egress: ["10.0.0.1:5432"] } }]);
    const numbers = policies.at(-1)?.groups.map(({ group }) => group);
    expect(numbers).toEqual([groups.numberOf("db"), groups.numberOf("payments.api.1")]);
    expect(policies.at(-1)?.groups[1]?.egress).toHaveLength(1);
    // A reload keeps them.
    await rules.apply(kernel, rules.resolve(config));
    expect(policies.at(-1)?.groups).toHaveLength(2);
    expect(rules.whole(config).workloads.map(({ name }) => name)).toEqual(["db", "payments.api.1"]);
    await setRules([]);
    expect(policies.at(-1)?.groups).toHaveLength(1);
    expect(rules.whole(config)).toBe(config);
  });

  it("that do not fit leave those before", async () => {
    const { rules, kernel, config, policies } = rulesWith(2);
    await rules.apply(kernel, rules.resolve(config));
    const { rules: setRules } = podGuard({ rules, kernel, scope: noScope });
    await setRules([{ name: "one", rules: { mode: "enforce" } }]);
    const many = ["one", "two"].map((name) => ({ name, rules: { kill: true } }));
    await expect(setRules(many)).rejects.toThrow("too many workloads");
    expect(policies.at(-1)?.groups).toHaveLength(2);
    await rules.apply(kernel, rules.resolve(config));
    expect(rules.whole(config).workloads.map(({ name }) => name)).toEqual(["db", "one"]);
  });
});

const unexpected = (): never => {
  throw new Error("nobody needs this");
};
const noScope = { protectCgroups: unexpected, holdsCgroup: unexpected, unprotect: unexpected };

describe("protection of pods", () => {
  function guardWith(fault?: CloudtaserError) {
    const calls: string[] = [];
    const { rules, kernel } = rulesWith(1);
    const scope = {
      async protectCgroups(groups: readonly { path: string; workload: string }[]) {
        calls.push(`protect ${JSON.stringify(groups)}`);
        return groups.map(({ path }, index) =>
          fault && index === 0 ? { path, error: fault } : { path, id: BigInt(index) },
        );
      },
      holdsCgroup: (path: string) => path === "/kubepods/pod1",
      unprotect(which: object): ProtectResult {
        calls.push(`unprotect ${JSON.stringify(which)}`);
        throw new CloudtaserError("WORKLOAD_UNKNOWN", { target: "w" });
      },
    };
    return { calls, guard: podGuard({ rules, kernel, scope }) };
  }
  const groups = [
    { cgroup: "/kubepods/pod1", workload: "v" },
    { cgroup: "/kubepods/pod2", workload: "w" },
  ];

  it("is of the groups of pods, in one call, and tells what fails of each", async () => {
    const full = new CloudtaserError("SCOPE_FULL", { target: "1", fields: { limit: 1 } });
    const { calls, guard } = guardWith(full);
    expect(await guard.protect(groups)).toEqual([full, undefined]);
    expect(calls).toEqual([
      'protect [{"path":"/kubepods/pod1","workload":"v"},{"path":"/kubepods/pod2","workload":"w"}]',
    ]);
  });

  it("is of the group that is there now", () => {
    const { guard } = guardWith();
    expect(["/kubepods/pod1", "/kubepods/pod2"].map((cgroup) => guard.holds(cgroup))).toEqual([true, false]);
  });

  it("of a group that is gone ends by itself; of one that is not wanted, for all of the workload", async () => {
    const { calls, guard } = guardWith();
    await guard.gone("/kubepods/pod1", "w");
    expect(calls).toEqual([]);
    await guard.unprotect("/kubepods/pod1", "w");
    expect(calls).toEqual(['unprotect {"workload":"w"}']);
  });
});
