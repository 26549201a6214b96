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
  const limits: number[] = [];
  const nodeGuards: string[] = [];
  const kernel = {
    enforcedBefore: [],
    doors: [],
    async setNodeGuards(when: string) {
      nodeGuards.push(when);
    },
    leaks: { configure: ({ scanLimit }: { scanLimit: number }) => void limits.push(scanLimit) },
    setPolicy(policy: PolicySet) {
      if (policy.groups.length > most) throw new Error("too many workloads with rules");
      policies.push(policy);
    },
  } as unknown as Kernel;
  const groups = new Groups(join(directory, `workloads-${Math.random()}.json`));
  const rules = new Rules(groups, log);
  const config = { ...configSchema.parse({ workloads: [{ name: "db", mode: "enforce" }] }), nodeName: "n" };
  return { rules, kernel, config, policies, limits, groups, nodeGuards };
}

describe("rules of pods", () => {
  it("stand beside those of the configuration, until they are replaced", async () => {
    const { rules, kernel, config, policies, groups } = rulesWith(100);
    await rules.apply(kernel, await rules.resolve(config));
    const { rules: setRules } = podGuard({ rules, kernel, scope: noScope });
    await setRules([{ name: "payments.api.1", rules: { mode: "enforce", egress: ["10.0.0.1:5432"] } }]);
    const numbers = policies.at(-1)?.groups.map(({ group }) => group);
    expect(numbers).toEqual([groups.numberOf("db"), groups.numberOf("payments.api.1")]);
    expect(policies.at(-1)?.groups[1]?.egress).toHaveLength(1);
    // A reload keeps them.
    await rules.apply(kernel, await rules.resolve(config));
    expect(policies.at(-1)?.groups).toHaveLength(2);
    expect(rules.whole(config).workloads.map(({ name }) => name)).toEqual(["db", "payments.api.1"]);
    await setRules([]);
    expect(policies.at(-1)?.groups).toHaveLength(1);
    expect(rules.whole(config)).toBe(config);
  });

  it("and limits of secrets are in force together or not at all", async () => {
    const { rules, kernel, config, limits } = rulesWith(1);
    await rules.apply(kernel, await rules.resolve(config));
    const workloads = ["db", "web"].map((name) => ({ name, mode: "enforce" }));
    const other = { ...configSchema.parse({ workloads, leaks: { scanLimit: "4KiB" } }), nodeName: "n" };
    await expect(rules.apply(kernel, await rules.resolve(other))).rejects.toThrow("too many");
    expect(limits).toEqual([1024 * 1024]);
  });

  it("let the node's guards sleep only once they are in force", async () => {
    const { rules, kernel, nodeGuards } = rulesWith(0);
    const may = (when: string, more = {}) => ({ ...configSchema.parse({ nodeGuards: when, ...more }), nodeName: "n" });
    const tooMuch = { workloads: [{ name: "db", mode: "enforce" }] };
    await rules.apply(kernel, await rules.resolve(may("always")));
    nodeGuards.length = 0;
    await expect(rules.apply(kernel, await rules.resolve(may("while-protected", tooMuch)))).rejects.toThrow("too many");
    expect(nodeGuards).not.toContain("while-protected");
    await rules.apply(kernel, await rules.resolve(may("while-protected")));
    expect(nodeGuards.at(-1)).toBe("while-protected");
    await expect(rules.apply(kernel, await rules.resolve(may("always", tooMuch)))).rejects.toThrow("too many");
    expect(nodeGuards.at(-1), "as before").toBe("while-protected");
  });

  it("that an earlier agent had in force are in the first policy of the next one", async () => {
    const pod = { uid: "3f2a91bc-77de-4c1a-9a40-5b1f0e9d2c11", namespace: "payments", name: "api", labels: {} };
    const remembered = (uid: string, annotations: Record<string, string>) => ({
      ...pod,
      uid,
      cgroupUid: uid,
      annotations,
      held: true,
    });
    const strict = remembered(pod.uid, { ebpf: "true", mode: "enforce", egress: "none" });
    const plain = remembered("00000001-77de-4c1a-9a40-5b1f0e9d2c11", { ebpf: "true" });
    fileMemory(join(directory, "pods.json")).save([plain, strict]);
    const { rules, kernel, policies, groups } = rulesWith(100);
    const config = {
      ...configSchema.parse({ kubernetes: {}, control: { socket: join(directory, "control.sock") } }),
      nodeName: "n",
    };
    await rules.apply(kernel, await rules.resolve(config), await rulesOfPods(config));
    expect(policies).toHaveLength(1);
    const [{ group, egress } = {}, ...others] = policies[0]?.groups ?? [];
    expect({ group, egress, others }).toEqual({
      group: groups.numberOf("payments.api.3f2a91bc77de"),
      egress: [],
      others: [],
    });
    expect(await rulesOfPods({ ...config, kubernetes: undefined })).toEqual([]);
  });

  it("that do not fit are left out alone, the newest first; those in force stay", async () => {
    const { rules, kernel, config, policies } = rulesWith(2);
    await rules.apply(kernel, await rules.resolve(config));
    const { rules: setRules } = podGuard({ rules, kernel, scope: noScope });
    await setRules([{ name: "one", rules: { mode: "enforce" } }]);
    const many = ["one", "two"].map((name) => ({ name, rules: { kill: true } }));
    expect(await setRules(many)).toEqual(["two"]);
    expect(policies.at(-1)?.groups).toHaveLength(2);
    await rules.apply(kernel, await rules.resolve(config));
    expect(rules.whole(config).workloads.map(({ name }) => name)).toEqual(["db", "one"]);
    expect(rules.warnings).toEqual([expect.stringMatching(/no room for the own rules of 1 pods/)]);
    // Who comes later stands behind, wherever the list has it.
    const flood = Array.from({ length: 20 }, (_, i) => ({ name: `flood-${i}`, rules: { kill: true } }));
    expect(await setRules([...flood, ...many])).not.toContain("one");
    expect(policies.filter(({ groups }) => groups.length < 2)).toHaveLength(1);
    // A configuration that needs all room gets it.
    const whole = {
      ...configSchema.parse({ workloads: ["a", "b"].map((name) => ({ name, mode: "enforce" })) }),
      nodeName: "n",
    };
    await rules.apply(kernel, await rules.resolve(whole));
    expect(rules.whole(whole).workloads.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("leave room for the configuration and for secrets", async () => {
    const { rules, kernel, config, policies } = rulesWith(Number.POSITIVE_INFINITY);
    await rules.apply(kernel, await rules.resolve(config));
    const { rules: setRules } = podGuard({ rules, kernel, scope: noScope });
    const egress = Array.from({ length: 64 }, (_, i) => `10.0.0.${i}`);
    const many = Array.from({ length: 900 }, (_, i) => ({
      name: `p-${i}`,
      rules: i < 200 ? { egress } : { kill: true },
    }));
    const left = await setRules(many);
    const { groups = [] } = policies.at(-1) ?? {};
    expect(groups.length + left.length).toBe(901);
    expect(groups.length).toBe(1 + 768);
    expect(groups.flatMap((one) => one.egress ?? []).length).toBe(8192);
    expect(left.slice(0, 2)).toEqual(["p-128", "p-129"]);
  });
});

describe("names of workloads", () => {
  it("are forgotten when no process, group, rule or secret has them", async () => {
    const { rules, kernel, config, groups } = rulesWith(100);
    await rules.apply(kernel, await rules.resolve(config));
    rules.setMore(kernel, [{ name: "ruled", mode: "enforce" }]);
    rules.name(["running", "grouped", "secret", "gone"]);
    const number = (name: string): number => groups.numberOf(name) ?? 0;
    const used = {
      list: () => [{ who: { group: number("running") } }],
      cgroups: { list: () => [{ id: 1n, group: number("grouped") }] },
    } as unknown as Kernel;
    for (let look = 0; look < 2; look++) rules.forgetNames(used, [number("secret")]);
    expect(groups.names().sort()).toEqual(["db", "grouped", "ruled", "running", "secret"]);
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
