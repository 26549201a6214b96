// SPDX-License-Identifier: Apache-2.0
// What is kept of secrets where the disk takes nothing more, and how long the file gets.
import { lstatSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { room, secret } from "./secrets-support.js";

describe("a disk that is full", () => {
  /** Its file takes nothing more. */
  const fill = (file: string): void => {
    rmSync(file);
    symlinkSync("/dev/full", file);
  };

  it("refuses a secret whole: the kernel does not know it either, and the one before stays", () => {
    const { secrets, kernel, add, file } = room();
    add("token", secret);
    const known = () => [...kernel.known.values()].map(({ text }) => text);
    fill(file);
    expect(() => add("other", `${secret}-2`)).toThrow("ENOSPC");
    expect([secrets.count, known()]).toEqual([1, [secret]]);
    // What could not be put behind the last line goes into a file of its own.
    add("next", `${secret}-3`);
    expect(lstatSync(file).isFile()).toBe(true);
    fill(file);
    expect(() => add("token", `${secret}-new`, { replace: true })).toThrow("ENOSPC");
    expect(() => add("token", secret, { allow: ["10.0.0.1:1"] })).not.toThrow();
    expect(known()).toEqual([secret, `${secret}-3`]);
  });

  it("does not hold up a removal, nor the names of the others at the next start", () => {
    const { secrets, kernel, add, file, open } = room();
    add("token", secret);
    add("other", `${secret}-2`);
    fill(file);
    expect(secrets.remove("pay", "token")).toHaveLength(1);
    expect([secrets.count, kernel.known.size]).toEqual([1, 1]);
    add("third", `${secret}-3`);
    expect(
      open()
        .list()
        .map(({ name }) => name),
    ).toEqual(["other", "third"]);
  });

  it("keeps no agent from its start, and refuses what is new until there is room", () => {
    const { add, file, open } = room();
    add("token", secret);
    // Where the file is written anew.
    symlinkSync("/dev/full", `${file}.new`);
    const next = open();
    expect(next.list()).toMatchObject([{ name: "token" }]);
    const value = () => Buffer.from(`${secret}-2`);
    const request = { workload: "pay", name: "other", allow: [], replace: false, endsWithWorkload: false };
    expect(() => next.add({ ...request, value: value() })).toThrow("ENOSPC");
    rmSync(`${file}.new`);
    expect(next.add({ ...request, value: value() }).outcome).toBe("registered");
    expect(open().list()).toHaveLength(2);
  });

  it("keeps no agent from its start whose workloads have other names now, and what it knows is written with the next room", () => {
    const { kernel, groups, add, file, open, logged } = room();
    add("token", secret);
    add("other", `${secret}-2`);
    kernel.known.delete([...kernel.known.keys()][1] ?? 0);
    kernel.known.set(77, { group: 2, text: "", sinks: { networks: [], files: [] } });
    groups.length = 0;
    symlinkSync("/dev/full", `${file}.new`);
    const next = open();
    const names = (secrets: typeof next) => secrets.list().map(({ name, workload }) => [name, workload]);
    const known = [
      ["token", "group-1"],
      ["secret-77", "group-2"],
    ];
    expect(names(next)).toEqual(known);
    next.check();
    expect(logged).toEqual(["names of secrets cannot be written: the next agent may not know them"]);
    rmSync(`${file}.new`);
    next.check();
    groups.push("pay", "shop");
    expect(readFileSync(file, "utf8")).toContain('"workload":"group-2"');
    expect(logged).toHaveLength(1);
  });

  it("refuses sinks with the word of the kernel, and says later what it could not write", () => {
    const { secrets, kernel, add, file, open, logged } = room();
    add("token", secret);
    kernel.setSinks = () => {
      fill(file);
      symlinkSync("/dev/full", `${file}.new`);
      throw new Error("no room in the kernel");
    };
    expect(() => add("token", secret, { allow: ["10.0.0.1:1"] })).toThrow("no room in the kernel");
    expect([secrets.list(), logged.length]).toMatchObject([[{ allow: [] }], 1]);
    rmSync(`${file}.new`);
    secrets.check();
    expect(open().list()).toMatchObject([{ allow: [] }]);
  });

  it("sinks that the kernel refuses are not in the list", () => {
    const { secrets, kernel, add } = room();
    add("token", secret);
    kernel.setSinks = () => {
      throw new Error("no room");
    };
    expect(() => add("token", secret, { allow: ["10.0.0.1:1"] })).toThrow("no room");
    expect(secrets.list()).toMatchObject([{ allow: [] }]);
  });

  it("is not what a file becomes that secrets come to and go from", () => {
    const { add, secrets, file, open } = room();
    add("kept", secret);
    for (let round = 0; round < 3_000; round++) {
      add("token", `${secret}-${round}`);
      secrets.remove("pay", "token");
    }
    expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(1_100);
    expect(open().list()).toEqual(secrets.list());
  });
});
