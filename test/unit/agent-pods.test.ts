// SPDX-License-Identifier: Apache-2.0
// Between the pods of the node, scope and policy: who is protected as what, and by which rules.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { podGuard, rulesOfPods } from "../../src/agent/pods.js";
import { Rules } from "../../src/agent/rules.js";
import { configSchema } from "../../src/config/schema.js";
import { CloudtaserError } from "../../src/errors/index.js";
import type { Kernel, PolicySet } from "../../src/kernel/index.js";
import { fileMemory } from "../../src/kubernetes/index.js";
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

  it("that an earlier agent had in force are in the first policy of the next one", async () => {
    const pod = { uid: "3f2a91bc-77de-4c1a-9a40-5b1f0e9d2c11", namespace: "payments", name: "api", labels: {} };
    const remembered = (uid: string, annotations: Record<string, string>) => ({
      ...pod,
      uid,
      cgroupUid: uid,
      annotations,
    });
    const strict = remembered(pod.uid, { ebpf: "true", mode: "enforce", egress: "none" });
    const plain = remembered("00000001-77de-4c1a-9a40-5b1f0e9d2c11", { ebpf: "true" });
    fileMemory(join(directory, "pods.json")).save([plain, strict]);
    const { rules, kernel, policies, groups } = rulesWith(100);
    const config = {
      ...configSchema.parse({ kubernetes: {}, control: { socket: join(directory, "control.sock") } }),
      nodeName: "n",
    };
    await rules.apply(kernel, rules.resolve(config), await rulesOfPods(config));
    expect(policies).toHaveLength(1);
    const [{ group, egress } = {}, ...others] = policies[0]?.groups ?? [];
    expect({ group, egress, others }).toEqual({
      group: groups.numberOf("payments.api.3f2a91bc77de"),
      egress: [],
      others: [],
    });
    expect(await rulesOfPods({ ...config, kubernetes: undefined })).toEqual([]);
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
const noScope = { protectCgroups: unexpected, unprotect: unexpected };

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

  it("of a group that is gone ends by itself; of one that is not wanted, for all of the workload", async () => {
    const { calls, guard } = guardWith();
    await guard.gone("/kubepods/pod1", "w");
    expect(calls).toEqual([]);
    await guard.unprotect("/kubepods/pod1", "w");
    expect(calls).toEqual(['unprotect {"workload":"w"}']);
  });
});
