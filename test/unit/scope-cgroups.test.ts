// SPDX-License-Identifier: Apache-2.0
// Paths, patterns and the table of protected control groups, over a directory tree in place of the kernel's.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Following } from "../../src/scope/following.js";
import { Cgroups, Groups, Hierarchy, type OpenById } from "../../src/scope/index.js";
import { openByWalk } from "./fake-hierarchy.js";

let root: string;
let hierarchy: Hierarchy;
let open: OpenById;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cgroups-"));
  hierarchy = new Hierarchy((at, id) => open(at, id), root);
  open = openByWalk;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const make = (inside: string): void => {
  mkdirSync(join(root, inside), { recursive: true });
};

describe("Hierarchy", () => {
  it("takes a path as /proc has it, or below the mount point, and lets none lead out", () => {
    expect(hierarchy.insideOf("/a/b/")).toBe("/a/b");
    expect(hierarchy.insideOf(`${root}/a`)).toBe("/a");
    expect(hierarchy.insideOf(root)).toBe("/");
    expect(hierarchy.insideOf("/../../etc")).toBe("/etc");
    expect(() => hierarchy.insideOf("/sys/fs/cgroup/memory/a")).toThrowError(/version 1/);
  });

  it("expands * and ? within one name", () => {
    for (const one of ["a.slice/x.service", "a.slice/y.service/sub", "b.slice/x.service", "a.slice/x+service"])
      make(one);
    expect(hierarchy.expand("/a.slice/*.service").sort()).toEqual(["/a.slice/x.service", "/a.slice/y.service"]);
    expect(hierarchy.expand(`${root}/?.slice/x.service`).sort()).toEqual(["/a.slice/x.service", "/b.slice/x.service"]);
    expect(hierarchy.expand("/a.slice/*/sub")).toEqual(["/a.slice/y.service/sub"]);
    expect(hierarchy.expand("/none/*")).toEqual([]);
    expect(hierarchy.parents("/a.slice/*.service/sub").sort()).toEqual(
      ["/", "/a.slice", "/a.slice/x.service", "/a.slice/y.service"].map((one) => join(root, one)).sort(),
    );
  });

  it("finds the place of an id, and takes nobody's word but the kernel's that it is gone", () => {
    make("a/b/c");
    const id = hierarchy.find("/a/b/c") ?? 0n;
    expect(hierarchy.placeOf(id)).toBe("/a/b/c");
    expect(hierarchy.find("/a/nothing")).toBeUndefined();
    for (const code of ["EMFILE", "ENOMEM", "EPERM"]) {
      open = () => {
        throw Object.assign(new Error(code), { code });
      };
      expect(hierarchy.placeOf(id), code).toBeUndefined();
    }
    open = openByWalk;
    rmSync(join(root, "a"), { recursive: true });
    expect(hierarchy.placeOf(id)).toBe("gone");
  });
});

describe("Cgroups", () => {
  const table = new Map<bigint, number>();
  let groups: Groups;
  let cgroups: Cgroups;

  beforeEach(() => {
    table.clear();
    groups = new Groups(join(root, "workloads.json"));
    const kernel = {
      add: ({ id, group }: { id: bigint; group: number }) => table.size < 2 && Boolean(table.set(id, group)),
      remove: (ids: readonly bigint[]) => {
        for (const id of ids) table.delete(id);
      },
      list: () => [...table].map(([id, group]) => ({ id, group })),
      groupOf: (id: bigint) => table.get(id),
      enter: () => ({ entered: 0, full: false }),
    };
    cgroups = new Cgroups({ kernel: () => kernel, groups, limit: 2, openById: openByWalk, hierarchy });
  });

  it("refuses what is not there, the root, and more than fits, each by its name", () => {
    for (const one of ["a", "b", "c"]) make(one);
    expect(() => cgroups.add("/none", 1)).toThrowError(/no control group \/none/);
    expect(() => cgroups.add("/", 1)).toThrowError(/holds the agent/);
    cgroups.add("/a", 1);
    cgroups.add("/b", 1);
    expect(() => cgroups.add("/c", 1)).toThrowError(/2 control groups/);
    expect(table.size).toBe(2);
  });

  it("leaves a group with the workload that it belongs to, and says so", () => {
    make("a");
    const first = groups.ensure("first");
    expect(cgroups.add("/a", first).before).toBeUndefined();
    expect(cgroups.add("/a", first).before).toBeUndefined();
    expect(cgroups.add("/a", groups.ensure("second")).before).toBe("first");
    expect([...table.values()]).toEqual([first]);
  });

  it("knows a group of an earlier agent by its place, and forgets one that is gone", () => {
    make("a/deep");
    make("b");
    const group = groups.ensure("pay");
    table.set(hierarchy.find("/a/deep") ?? 0n, group);
    table.set(hierarchy.find("/b") ?? 0n, group);
    expect(cgroups.list().map(({ path }) => path)).toEqual(["/a/deep", "/b"]);
    rmSync(join(root, "b"), { recursive: true });
    expect(cgroups.list().map(({ path }) => path)).toEqual(["/a/deep", null]);
    cgroups.forgetGone();
    expect(cgroups.list()).toMatchObject([{ path: "/a/deep", workload: "pay" }]);
    cgroups.removeGroup(group);
    expect(table.size).toBe(0);
    expect(cgroups.has("/a/deep")).toBe(false);
  });

  it("keeps one that cannot be seen, until the kernel says that it is gone", () => {
    make("a/one");
    const { id } = cgroups.add("/a/one", groups.ensure("pay"));
    // As if something were mounted over it: its place shows another directory.
    const elsewhere = mkdtempSync(join(tmpdir(), "cgroups-"));
    renameSync(join(root, "a/one"), join(elsewhere, "one"));
    open = (_, asked) => openByWalk(elsewhere, asked);
    make("a/one");
    cgroups.forgetGone();
    expect(cgroups.list()).toEqual([{ id, path: null, workload: "pay" }]);
    expect(cgroups.has("/a/one")).toBe(false);
    rmSync(join(root, "a/one"), { recursive: true });
    renameSync(join(elsewhere, "one"), join(root, "a/one"));
    expect(cgroups.has("/a/one")).toBe(true);
    expect(cgroups.add("/a/one", groups.ensure("pay")), "as it was").toEqual({ id, fresh: false, before: undefined });
    rmSync(elsewhere, { recursive: true });
    rmSync(join(root, "a/one"), { recursive: true });
    open = openByWalk;
    cgroups.forgetGone();
    expect(table.size).toBe(0);
  });

  it("does not take a new group for the old one of its path", () => {
    make("a/one");
    make("a/two");
    cgroups.add("/a/one", 1);
    expect(cgroups.has("/a/one")).toBe(true);
    rmSync(join(root, "a/one"), { recursive: true });
    renameSync(join(root, "a/two"), join(root, "a/one"));
    expect(cgroups.has("/a/one")).toBe(false);
  });
});

describe("Following", () => {
  it("finds what patterns name, now and later, and is told when something appears", async () => {
    make("a");
    let told = 0;
    const following = new Following(
      () => hierarchy,
      () => {
        told++;
      },
    );
    following.add("pay", { cgroups: ["/a/*.service", "/a/x*"] });
    following.add("one", { cgroup: "/b" });
    expect(await following.found()).toEqual([]);
    make("a/x.service");
    make("b");
    for (let i = 0; i < 100 && told === 0; i++) await setTimeout(20);
    expect(told).toBeGreaterThan(0);
    expect(await following.found()).toEqual([
      { path: "/a/x.service", workload: "pay" },
      { path: "/b", workload: "one" },
    ]);
    following.remove("pay");
    expect(following.has("pay")).toBe(false);
    expect(await following.found()).toEqual([{ path: "/b", workload: "one" }]);
    following.close();
  });
});
