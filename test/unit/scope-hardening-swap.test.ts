// SPDX-License-Identifier: Apache-2.0
// Swap of a control group is looked into once for all of its processes that come in one go: thousands of processes take
// thousands of steps, and not millions.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Hardening } from "../../src/scope/hardening.js";
import type { ScopeRecord } from "../../src/scope/index.js";

const group = { looks: 0, problem: "", limit: "max", inode: 1 as number | undefined, written: [] as string[] };

vi.mock("../../src/scope/swap.js", () => ({
  cgroupOf: (pid: number) => (pid < 1_000_000 ? "/one" : "/other"),
  offers: () => {
    group.looks++;
    return group.problem;
  },
  inodeOf: () => group.inode,
  readSwap: () => group.limit,
  writeSwap: (path: string, value: string) => void group.written.push(`${path} ${value}`),
}));

const record = (tgid: number): ScopeRecord => ({
  who: { tgid, group: 1, uid: 0, comm: "x", startBoottimeNs: 7n },
  role: 1,
  tracer: 0,
});
const many = (from: number, count: number): ScopeRecord[] => Array.from({ length: count }, (_, n) => record(from + n));
const means = { hold: () => ({ alive: () => true, close: () => {} }), coreLimit: (): [number, number] => [0, 0] };
const wanted = { core_limit: false, coredump_filter: false, swap: true };
const swaps = (hardening: Hardening): string[] =>
  hardening.totals().flatMap(({ kind, outcome, count }) => (kind === "swap" && count > 0 ? `${outcome} ${count}` : []));

describe("swap of a control group", () => {
  beforeEach(() => Object.assign(group, { looks: 0, problem: "", limit: "max", inode: 1, written: [] }));

  it.each([
    ["cannot be switched off", { problem: "others are in it" }, "refused 3000"],
    ["is off already", { limit: "0" }, "not_needed 3000"],
    ["is switched off", {}, "done 3000"],
  ])("is looked into once where it %s", (_, found, outcome) => {
    Object.assign(group, found);
    const hardening = new Hardening(means, () => wanted);
    const records = many(400_000, 3000);
    hardening.harden([records], records);
    expect(group.looks).toBe(1);
    expect(swaps(hardening)).toEqual([outcome]);
  });

  it("is looked into anew for those who come later, and for each group by itself", () => {
    group.problem = "others are in it";
    const hardening = new Hardening(means, () => wanted);
    const first = many(400_000, 10);
    const later = [...many(500_000, 10), ...many(2_000_000, 10)];
    hardening.harden([first], first);
    group.problem = "";
    hardening.harden([[...first, ...later]], [...first, ...later]);
    expect(group.looks).toBe(3);
    expect(swaps(hardening)).toEqual(["done 20", "refused 10"]);
    expect(group.written).toEqual(["/one 0", "/other 0"]);
  });

  it("is switched off anew for a unit that was started again, whose group is another one of that name", () => {
    const hardening = new Hardening(means, () => wanted);
    const before = many(400_000, 2);
    hardening.harden([before], before);
    hardening.harden([], []);
    group.inode = 2;
    const after = many(500_000, 2);
    hardening.harden([after], after);
    expect(group.written).toEqual(["/one 0", "/one 0"]);
    // Also where the old ones were still counted when the new ones came.
    group.inode = 3;
    const latest = many(600_000, 1);
    hardening.harden([latest], [...after, ...latest]);
    expect(group.written).toHaveLength(3);
    group.limit = "0";
    hardening.relax(after);
    expect(group.written, "the group of the others is not this one").toHaveLength(3);
    hardening.relax(latest);
    expect(group.written.at(-1)).toBe("/one max");
  });

  it("stays off, and is set back, in a group in which one process follows another", () => {
    const hardening = new Hardening(means, () => wanted);
    const [first, second] = [many(400_000, 1), many(500_000, 1)];
    hardening.harden([first], first);
    group.limit = "0";
    hardening.harden([second], second);
    expect(group.written).toEqual(["/one 0"]);
    hardening.relax(second);
    expect(group.written).toEqual(["/one 0", "/one max"]);
  });
});
