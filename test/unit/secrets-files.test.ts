// SPDX-License-Identifier: Apache-2.0
// Files that secrets may go to, looked at again: what is gone, made anew, a directory by now, or another node's.
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { directory, FakeKernel, room, secret } from "./secrets-support.js";

/** By a file of another inode. */
function replace(path: string): void {
  writeFileSync(`${path}.new`, "");
  renameSync(`${path}.new`, path);
}

describe("a file to which a secret may go", () => {
  it("is looked at again: a socket that is made anew is another file, and one that is gone is allowed no longer", () => {
    const { secrets, kernel, add, logged } = room();
    const path = join(directory, "db.sock");
    writeFileSync(path, "1");
    add("token", secret, { allow: [path] });
    const inode = () => [...kernel.known.values()][0]?.sinks.files[0]?.ino;
    secrets.check();
    expect(inode()).toBe(BigInt(statSync(path).ino));
    writeFileSync(`${path}.new`, "2");
    rmSync(path);
    secrets.check();
    expect([inode(), logged.length]).toEqual([undefined, 1]);
    writeFileSync(path, "3");
    secrets.check();
    secrets.check();
    expect(inode()).toBe(BigInt(statSync(path).ino));
    expect(logged).toHaveLength(2);
  });

  it("that becomes a directory is allowed no longer, is told of once, and the other one is still followed", () => {
    const { secrets, kernel, add, logged } = room();
    const [one, other] = [join(directory, "one"), join(directory, "other")];
    for (const path of [one, other]) writeFileSync(path, "");
    add("token", secret, { allow: [one, "10.0.0.1:443", other] });
    const sinks = () => [...kernel.known.values()][0]?.sinks;
    const inodes = () => sinks()?.files.map(({ ino }) => Number(ino));
    secrets.check();
    rmSync(one);
    mkdirSync(one);
    for (let round = 0; round < 3; round++) secrets.check();
    expect([inodes(), sinks()?.networks.length, logged.length]).toEqual([[statSync(other).ino], 1, 1]);
    replace(other);
    secrets.check();
    expect(inodes()).toEqual([statSync(other).ino]);
    rmSync(one, { recursive: true });
    writeFileSync(one, "");
    secrets.check();
    expect(inodes()).toEqual([statSync(one).ino, statSync(other).ino]);
  });

  it("and is a directory when the next agent looks first is told of once, and allowed no longer", () => {
    const { kernel, file, add } = room();
    const path = join(directory, "before");
    writeFileSync(path, "");
    add("token", secret, { allow: [path] });
    rmSync(path);
    mkdirSync(path);
    const { secrets: next, logged } = room(kernel, file);
    for (let round = 0; round < 3; round++) next.check();
    expect([[...kernel.known.values()][0]?.sinks.files, logged.length]).toEqual([[], 1]);
  });

  it("takes the place of the old one where there is no room for both, and without any room none is allowed", () => {
    const { secrets, kernel, add, logged } = room();
    const path = join(directory, "full");
    writeFileSync(path, "");
    add("token", secret, { allow: [path] });
    secrets.check();
    const held = () => [...kernel.known.values()][0]?.sinks.files.map(({ ino }) => Number(ino));
    const setSinks = kernel.setSinks.bind(kernel);
    let space = 1;
    kernel.setSinks = (name, id, sinks) => {
      // As the true one, which puts the new ones beside the old.
      if (sinks.files.length > 0 && (held()?.length ?? 0) + sinks.files.length > space) throw new Error("no room");
      setSinks(name, id, sinks);
    };
    replace(path);
    secrets.check();
    expect([held(), logged.length]).toEqual([[statSync(path).ino], 1]);
    space = 0;
    replace(path);
    for (let round = 0; round < 3; round++) secrets.check();
    expect([held(), logged.length]).toEqual([[], 2]);
    space = 1;
    secrets.check();
    expect([held(), logged.length]).toEqual([[statSync(path).ino], 3]);
  });

  it("lies on the node, at registration and at each look", () => {
    const node = join(directory, "node");
    mkdirSync(join(node, "run"), { recursive: true });
    mkdirSync(join(node, "data"));
    const socket = join(node, "data", "db.sock");
    writeFileSync(socket, "");
    symlinkSync("/data/db.sock", join(node, "run", "db.sock"));
    const { secrets, kernel, add, logged } = room(new FakeKernel(), undefined, node);
    const inodes = () => [...kernel.known.values()][0]?.sinks.files.map(({ ino }) => Number(ino));
    add("token", secret, { allow: ["/run/db.sock"] });
    secrets.check();
    expect([inodes(), logged]).toEqual([[statSync(socket).ino], []]);
    rmSync(socket);
    secrets.check();
    expect(inodes()).toEqual([]);
    const own = join(directory, "own");
    writeFileSync(own, "");
    expect(() => add("key", `${secret}-2`, { allow: [own] })).toThrow(expect.objectContaining({ target: own }));
  });
});
