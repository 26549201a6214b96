// SPDX-License-Identifier: Apache-2.0
// Puts a whole policy in force at once: rules per vector, rules of workloads and the allow list go into the bank that no
// door reads, then the generation changes. If anything does not fit, the policy before stays as it was.
import { CloudtaserError, reasonOf } from "../errors/index.js";
import {
  AllowKind,
  decodeAllowKey,
  decodeGroupKey,
  decodePolicy,
  decodePolicyHead,
  encodeAllow,
  encodeAllowKey,
  encodeGroupKey,
  encodeGroupPolicy,
  encodePolicy,
  encodePolicyHead,
  Mode,
  Vector,
} from "./abi.gen.js";
import type { RememberedAuthority } from "./authority.js";
import { addDestinations, maxSinks, type Network } from "./egress.js";
import type { BpfMap } from "./native.js";

export interface VectorRule {
  vector: string;
  mode: keyof typeof Mode;
  kill: boolean;
}

/** Rules of one workload. */
export interface GroupRules {
  group: number;
  /** [] if it follows the rules of all. */
  rules: readonly VectorRule[];
  membersMayInspect: boolean;
  /** Where it may connect and send to; undefined: everywhere. */
  egress?: readonly Network[] | undefined;
}

/** What is asked of the offender; all that is there must be so. */
export interface AllowEntry {
  /** undefined: every vector. */
  vector: string | undefined;
  /** The file, and when it was last changed: any other time is not allowed. */
  exe?: { exeDev: number; exeIno: bigint; ctimeSec: bigint; ctimeNsec: number } | undefined;
  /** Control group id. */
  cgroup?: bigint | undefined;
  uid?: number | undefined;
  /** Direct children of such a process too. */
  children?: boolean;
  /** Of coredump_limits the limits alone. */
  limits?: boolean;
}

export interface PolicySet {
  rules: readonly VectorRule[];
  groups: readonly GroupRules[];
  /** Of workloads that have no rules of their own. */
  membersMayInspect: boolean;
  allowed: readonly AllowEntry[];
  nodeGuardsAlways: boolean;
  reportAllowed: boolean;
  /** Who may loosen it; undefined: root. */
  authority?: RememberedAuthority | undefined;
}

export type PolicyMapName = "policy_head" | "policy" | "group_policy" | "allowed" | "leak_sinks";

interface PolicyMaps {
  head: BpfMap;
  rules: BpfMap;
  groups: BpfMap;
  allowed: BpfMap;
}

/** Entries of one bank: CT_ALLOW_MAX and CT_GROUP_POLICIES in bpf/maps.h; test/contract holds them together. */
export const maxAllowed = 10_240;
export const maxGroupPolicies = 1_024;

function numberOf(vector: string): number {
  const number = (Vector as Record<string, number>)[vector];
  if (number === undefined) throw new Error(`no vector ${vector} in bpf/abi.h`);
  return number;
}

function key32(index: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(index);
  return key;
}

const kindOf = ({ exe, cgroup, uid }: AllowEntry): number =>
  (exe === undefined ? 0 : AllowKind.exe) |
  (cgroup === undefined ? 0 : AllowKind.cgroup) |
  (uid === undefined ? 0 : AllowKind.uid);

/** Throws POLICY_TOO_LARGE, or MAP_FAILED for what the kernel refuses; nothing has changed then. */
export function writePolicySet(map: (name: PolicyMapName) => BpfMap, set: PolicySet): void {
  const [head, rules, groups, allowed] = [map("policy_head"), map("policy"), map("group_policy"), map("allowed")];
  const maps = { head, rules, groups, allowed };
  const named = new Set(set.allowed.flatMap(({ cgroup }) => cgroup ?? [])).size;
  // Both banks lie in one map: what is too much for one bank may not take the other's room either.
  if (set.allowed.length + named > maxAllowed || set.groups.length >= maxGroupPolicies) throw tooLarge(set);
  const now = maps.head.lookup(key32(0));
  const generation = ((now === undefined ? 0 : decodePolicyHead(now).generation) + 1) >>> 0;
  const bank = generation & 1;
  emptyBank(maps, bank); // what a start or a reload that died half-way has left there
  let destinations: ReturnType<typeof addDestinations> | undefined;
  try {
    // Lists lie in no bank: for this moment what either policy lists is let pass.
    destinations = addDestinations(map("leak_sinks"), set.groups);
    writeRules(maps, set, bank);
    for (const entry of set.allowed) writeAllowed(maps.allowed, entry, bank);
  } catch (cause) {
    emptyBank(maps, bank);
    destinations?.undo();
    // A trie that is full says ENOSPC, a hash E2BIG.
    if (cause instanceof Error && "code" in cause && (cause.code === "E2BIG" || cause.code === "ENOSPC"))
      throw tooLarge(set, cause);
    throw new CloudtaserError("MAP_FAILED", { target: "the policy", fields: { reason: reasonOf(cause) }, cause });
  }
  maps.head.update(key32(0), encodePolicyHead({ generation }));
  emptyBank(maps, bank ^ 1);
  destinations.settle();
}

/** Vectors that the policy in force refuses to everybody who has no rule of his own: of this agent, or of one before. */
export function enforcedVectors(map: (name: "policy_head" | "policy") => BpfMap): string[] {
  const head = map("policy_head").lookup(key32(0));
  const bank = (head === undefined ? 0 : decodePolicyHead(head).generation) & 1;
  const enforced = (number: number): boolean => {
    const rule = map("policy").lookup(key32(bank * Vector.max + number));
    return rule !== undefined && decodePolicy(rule).mode === Mode.enforce;
  };
  return Object.entries(Vector).flatMap(([name, number]) => (number < Vector.max && enforced(number) ? [name] : []));
}

function writeRules(maps: PolicyMaps, { rules, groups, membersMayInspect, allowed }: PolicySet, bank: number): void {
  const slot = (vector: number): Buffer => key32(bank * Vector.max + vector);
  const kinds = new Array<number>(Vector.max).fill(0);
  for (const entry of allowed) {
    const vector = entry.vector === undefined ? Vector.none : numberOf(entry.vector);
    kinds[vector] = (kinds[vector] ?? 0) | (1 << kindOf(entry));
  }
  for (const [vector, allowKinds] of kinds.entries()) {
    maps.rules.update(slot(vector), encodePolicy({ mode: Mode.off, kill: 0, allowKinds }));
  }
  for (const { vector, mode, kill } of rules) {
    const number = numberOf(vector);
    maps.rules.update(
      slot(number),
      encodePolicy({ mode: Mode[mode], kill: kill ? 1 : 0, allowKinds: kinds[number] ?? 0 }),
    );
  }
  const all = { group: 0, rules: [], membersMayInspect, egress: undefined };
  for (const group of [all, ...groups]) writeGroup(maps.groups, group, bank);
}

function writeGroup(map: BpfMap, { group, rules, membersMayInspect, egress }: GroupRules, bank: number): void {
  const bits = (wanted: (rule: VectorRule) => boolean): bigint =>
    rules.filter(wanted).reduce((set, { vector }) => set | (1n << BigInt(numberOf(vector))), 0n);
  map.update(
    encodeGroupKey({ group, bank }),
    encodeGroupPolicy({
      own: bits(() => true),
      detect: bits(({ mode }) => mode === "detect"),
      enforce: bits(({ mode }) => mode === "enforce"),
      kill: bits(({ kill }) => kill),
      membersMayInspect: membersMayInspect ? 1 : 0,
      egress: egress === undefined ? 0 : 1,
    }),
  );
}

function writeAllowed(map: BpfMap, entry: AllowEntry, bank: number): void {
  const { vector, exe, cgroup, uid } = entry;
  const nobody = { exeIno: 0n, exeDev: 0, uid: 0, vector: Vector.none, bank };
  if (cgroup !== undefined) {
    const named = encodeAllowKey({ ...nobody, cgroup, kind: AllowKind.cgroup_named });
    map.update(named, encodeAllow({ ctimeSec: 0n, ctimeNsec: 0, children: 0, limits: 0 }));
  }
  map.update(
    encodeAllowKey({
      exeIno: exe?.exeIno ?? 0n,
      exeDev: exe?.exeDev ?? 0,
      cgroup: cgroup ?? 0n,
      uid: uid ?? 0,
      vector: vector === undefined ? Vector.none : numberOf(vector),
      kind: kindOf(entry),
      bank,
    }),
    encodeAllow({
      ctimeSec: exe?.ctimeSec ?? 0n,
      ctimeNsec: exe?.ctimeNsec ?? 0,
      children: entry.children ? 1 : 0,
      limits: entry.limits ? 1 : 0,
    }),
  );
}

function emptyBank({ groups, allowed }: PolicyMaps, bank: number): void {
  for (const key of groups.keys()) if (decodeGroupKey(key).bank === bank) groups.delete(key);
  for (const key of allowed.keys()) if (decodeAllowKey(key).bank === bank) allowed.delete(key);
}

function tooLarge({ allowed, groups }: PolicySet, cause?: unknown): CloudtaserError {
  const reason =
    `${allowed.length} allow-list entries over all vectors and ${groups.length} workloads with rules of their own; ` +
    `at most ${maxAllowed} (a control group counts as one more) and ${maxGroupPolicies - 1} fit, ` +
    `and ${maxSinks} destinations of workloads and secrets together`;
  return new CloudtaserError("CONFIG_BAD_VALUE", { target: "the policy", fields: { key: "allow", reason }, cause });
}
