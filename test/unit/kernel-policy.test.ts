// SPDX-License-Identifier: Apache-2.0
// A policy goes into the bank that nobody reads, and only then is in force; one that does not fit changes nothing.
import { describe, expect, it } from "vitest";
import {
  decodeAllowKey,
  decodeGroupKey,
  decodeGroupPolicy,
  decodePolicy,
  decodePolicyHead,
  encodePolicyHead,
  Mode,
  Vector,
} from "../../src/kernel/abi.gen.js";
import type { BpfMap } from "../../src/kernel/native.js";
import { enforcedVectors, type PolicyMapName, type PolicySet, writePolicySet } from "../../src/kernel/policy.js";

/** A map that keeps what it is told, and a log of who wrote what. */
class FakeMap {
  readonly entries = new Map<string, Buffer>();
  constructor(
    readonly name: string,
    readonly log: string[],
    readonly room = Number.POSITIVE_INFINITY,
  ) {}
  lookup = (key: Uint8Array) => this.entries.get(Buffer.from(key).toString("hex"));
  update(key: Uint8Array, value: Uint8Array): void {
    const hex = Buffer.from(key).toString("hex");
    if (!this.entries.has(hex) && this.entries.size >= this.room) {
      throw Object.assign(new Error("E2BIG"), { code: "E2BIG", errno: 7 });
    }
    this.log.push(this.name);
    this.entries.set(hex, Buffer.from(value));
  }
  delete = (key: Uint8Array) => this.entries.delete(Buffer.from(key).toString("hex"));
  keys = () => [...this.entries.keys()].map((hex) => Buffer.from(hex, "hex"));
}

function machine(room?: number) {
  const log: string[] = [];
  const map = (name: string, size?: number) => new FakeMap(name, log, size);
  const fakes = {
    head: map("head"),
    rules: map("rules"),
    groups: map("groups"),
    allowed: map("allowed", room),
    sinks: map("sinks"),
  };
  fakes.head.update(Buffer.alloc(4), encodePolicyHead({ generation: 0xffff_ffff }));
  log.length = 0;
  const generation = () => decodePolicyHead(fakes.head.lookup(Buffer.alloc(4)) ?? Buffer.alloc(8)).generation;
  const rule = (vector: number) => {
    const key = Buffer.alloc(4);
    key.writeUInt32LE((generation() & 1) * Vector.max + vector);
    return decodePolicy(fakes.rules.lookup(key) ?? Buffer.alloc(16));
  };
  const byName = {
    policy_head: fakes.head,
    policy: fakes.rules,
    group_policy: fakes.groups,
    allowed: fakes.allowed,
    leak_sinks: fakes.sinks,
  };
  const maps = (name: PolicyMapName) => byName[name] as unknown as BpfMap;
  return { log, fakes, maps, generation, rule };
}

const policy = (change: Partial<PolicySet> = {}): PolicySet => ({
  rules: [{ vector: "environ_read", mode: "enforce", kill: true }],
  groups: [],
  membersMayInspect: true,
  allowed: [],
  nodeGuardsAlways: false,
  reportAllowed: false,
  ...change,
});

describe("writePolicySet", () => {
  it("changes the generation last, and over the end of its numbers", () => {
    const { log, maps, generation, rule } = machine();
    writePolicySet(maps, policy({ allowed: [{ vector: undefined, uid: 5 }] }));
    expect(generation()).toBe(0);
    expect(log.indexOf("head")).toBe(log.length - 1);
    expect(rule(Vector.environ_read)).toMatchObject({ mode: Mode.enforce, kill: 1, allowKinds: 0 });
    expect(rule(Vector.none).allowKinds).toBe(1 << 4);
    expect(rule(Vector.ptrace_attach).mode).toBe(Mode.off);
  });

  it("is read back by the next agent, from the bank in force alone", () => {
    const { maps } = machine();
    expect(enforcedVectors(maps)).toEqual([]);
    writePolicySet(maps, policy());
    expect(enforcedVectors(maps)).toEqual(["environ_read"]);
    writePolicySet(maps, policy({ rules: [{ vector: "bpf_tamper", mode: "enforce", kill: false }] }));
    expect(enforcedVectors(maps)).toEqual(["bpf_tamper"]);
    writePolicySet(maps, policy({ rules: [{ vector: "bpf_tamper", mode: "detect", kill: false }] }));
    expect(enforcedVectors(maps)).toEqual([]);
  });

  it("writes nothing into the bank in force, and leaves nothing in the other", () => {
    const { fakes, maps, generation } = machine();
    for (const uid of [1, 2, 3]) {
      writePolicySet(maps, policy({ allowed: [{ vector: "environ_read", uid }] }));
      const keys = fakes.allowed.keys().map((key) => decodeAllowKey(key));
      expect(keys).toMatchObject([{ uid, vector: Vector.environ_read, bank: generation() & 1 }]);
      expect(fakes.groups.keys().map((key) => decodeGroupKey(key))).toEqual([{ group: 0, bank: generation() & 1 }]);
    }
  });

  it("keeps the policy before when a new one does not fit", () => {
    const { fakes, maps, generation, rule } = machine(3);
    writePolicySet(maps, policy({ allowed: [{ vector: undefined, uid: 1 }] }));
    const before = generation();
    const tooMany = [2, 3, 4].map((uid) => ({ vector: undefined, uid }));
    expect(() => writePolicySet(maps, policy({ rules: [], allowed: tooMany }))).toThrow(/at most 10240/);
    expect(generation()).toBe(before);
    expect(rule(Vector.environ_read).mode).toBe(Mode.enforce);
    expect(fakes.allowed.keys().map((key) => decodeAllowKey(key).uid)).toEqual([1]);
  });

  it("takes what one bank holds, and no entry more, although both lie in one map", () => {
    const { maps, generation } = machine();
    const users = (count: number) => Array.from({ length: count }, (_, uid) => ({ vector: undefined, uid }));
    writePolicySet(maps, policy({ allowed: users(10_240) }));
    const before = generation();
    expect(() => writePolicySet(maps, policy({ allowed: users(10_241) }))).toThrow(/at most 10240/);
    const named = [...users(10_239), { vector: undefined, cgroup: 5n }];
    expect(() => writePolicySet(maps, policy({ allowed: named }))).toThrow(/at most 10240/);
    const groups = Array.from({ length: 1_024 }, (_, n) => ({ group: n + 1, rules: [], membersMayInspect: true }));
    expect(() => writePolicySet(maps, policy({ groups }))).toThrow(/1023 fit/);
    expect(generation()).toBe(before);
  });

  it("puts a workload's rules into bits, and names each control group once", () => {
    const { fakes, maps } = machine();
    const rules = [
      { vector: "environ_read", mode: "detect", kill: false },
      { vector: "proc_fd", mode: "enforce", kill: true },
      { vector: "ptrace_attach", mode: "off", kill: false },
    ] as const;
    const cgroup = 77n;
    writePolicySet(
      maps,
      policy({
        groups: [{ group: 9, rules, membersMayInspect: false }],
        allowed: [
          { vector: undefined, cgroup },
          { vector: undefined, cgroup, uid: 0 },
        ],
      }),
    );
    const bit = (vector: number) => 1n << BigInt(vector);
    const of9 = fakes.groups.keys().find((key) => decodeGroupKey(key).group === 9) ?? Buffer.alloc(8);
    expect(decodeGroupPolicy(fakes.groups.lookup(of9) ?? Buffer.alloc(40))).toEqual({
      own: bit(Vector.environ_read) | bit(Vector.proc_fd) | bit(Vector.ptrace_attach),
      detect: bit(Vector.environ_read),
      enforce: bit(Vector.proc_fd),
      kill: bit(Vector.proc_fd),
      membersMayInspect: 0,
      egress: 0,
    });
    expect(
      fakes.allowed
        .keys()
        .map((key) => decodeAllowKey(key).kind)
        .sort(),
    ).toEqual([2, 6, 8]);
  });

  it("writes destinations before the policy that knows them, and takes the old ones after it", () => {
    const { log, fakes, maps, generation } = machine();
    const network = (last: number) => ({
      family: 4 as const,
      address: Buffer.from([10, 0, 0, last]),
      bits: 32,
      port: 443,
    });
    const of9 = (...egress: ReturnType<typeof network>[]) =>
      policy({ groups: [{ group: 9, rules: [], membersMayInspect: true, egress }] });
    // Of a secret: not ours to take.
    fakes.sinks.update(Buffer.alloc(28, 1), Buffer.alloc(4));
    writePolicySet(maps, of9(network(1), network(2)));
    const key = fakes.sinks.keys().find((one) => one.readUInt32LE(4) === 0x8000_0009);
    expect(key?.toString("hex")).toBe(`600000000900008001bb04000a000001${"00".repeat(12)}`);
    log.length = 0;
    writePolicySet(maps, of9(network(2), network(3)));
    expect(log.indexOf("sinks")).toBeLessThan(log.indexOf("head"));
    expect(fakes.sinks.keys().map((one) => one[15])).toEqual([1, 2, 3]);
    const rules = fakes.groups.keys().map((one) => decodeGroupPolicy(fakes.groups.lookup(one) ?? Buffer.alloc(40)));
    expect(rules.map(({ egress }) => egress).sort()).toEqual([0, 1]);
    const before = generation();
    const refuse = (name: PolicyMapName): BpfMap =>
      name === "leak_sinks"
        ? ({
            ...maps(name),
            keys: fakes.sinks.keys,
            update: () => {
              throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
            },
          } as unknown as BpfMap)
        : maps(name);
    expect(() => writePolicySet(refuse, of9(network(7)))).toThrow(/16384 destinations/);
    expect(generation()).toBe(before);
    writePolicySet(maps, policy());
    expect(fakes.sinks.keys()).toHaveLength(1);
  });
});
