// SPDX-License-Identifier: Apache-2.0
// What the look around at registration finds, on a made-up procfs.
import { describe, expect, it } from "vitest";
import { lookAround, type Procfs } from "../../src/scope/surroundings.js";

/** Links by process and descriptor; files by path. */
function machine(links: Record<number, string[]>, files: Record<string, string> = {}, uprobes = ""): Procfs {
  const missing = (): never => {
    throw new Error("ENOENT");
  };
  return {
    list: (path) => {
      if (path === "/proc") return ["self", "meminfo", ...Object.keys(links)];
      const of = links[Number(path.split("/")[2])];
      return of ? of.map((_, index) => String(index)) : missing();
    },
    link: (path) => links[Number(path.split("/")[2])]?.[Number(path.split("/")[4])] ?? missing(),
    file: (path) => files[path] ?? missing(),
    read: () => uprobes || missing(),
  };
}

const me = 5;

describe("lookAround", () => {
  it("finds nothing where nothing is", async () => {
    expect(
      await lookAround([[10]], me, machine({ 10: ["/dev/null"], 11: ["/proc/12/mem"], 5: ["/proc/10/mem"] })),
    ).toEqual([]);
  });

  it("finds files of the process in other hands, through any mount and thread", async () => {
    const links = { 10: ["/proc/10/maps"], 11: ["/mnt/10/task/14/mem", "/proc/10/environ", "/proc/10/status"] };
    expect(await lookAround([[10]], me, machine(links))).toEqual([
      expect.stringMatching(/^process 11 has mem of process 10 open/),
      expect.stringMatching(/^process 11 has environ of process 10 open/),
    ]);
  });

  it("finds memfds, rings and perf events", async () => {
    const links = {
      10: ["/memfd:key (deleted)", "anon_inode:[io_uring]"],
      11: ["/memfd:key (deleted)", "/memfd:other (deleted)"],
      12: ["anon_inode:[perf_event]", "anon_inode:[io_uring]"],
    };
    const files = { "/proc/10/fd/0": "1:7", "/proc/11/fd/0": "1:7", "/proc/11/fd/1": "1:8" };
    expect((await lookAround([[10]], me, machine(links, files))).sort()).toEqual([
      "process 10 has an io_uring ring, whose requests ask the guards as it does",
      "process 11 has a memfd of process 10 open",
      "process 12 has an io_uring ring too, which may be a shared one",
      "process 12 has perf events open, of which nobody can tell whom they watch",
    ]);
  });

  it("tells a uprobe on the executable from one on a library", async () => {
    const files = { "/proc/10/exe": "1:3", "/usr/bin/app": "1:3", "/lib/libc.so.6": "1:4" };
    const text = "p:uprobes/p_app /usr/bin/app:0x0000000000001139\nr1:uprobes/r_c /lib/libc.so.6:0x20 arg1=$retval\n";
    expect(await lookAround([[10]], me, machine({ 10: [] }, files, text))).toEqual([
      "a uprobe is defined on the executable of process 10",
      "a uprobe is defined on /lib/libc.so.6, which these processes may have mapped",
    ]);
  });

  it("looks once for many workloads, and tells what one has of another", async () => {
    const links = {
      10: ["/proc/11/mem"],
      11: ["/proc/10/maps"],
      12: ["/proc/10/environ", "/proc/12/maps"],
      13: ["/dev/null"],
    };
    let lists = 0;
    const proc = machine(links);
    const counted = {
      ...proc,
      list: (path: string) => {
        if (path === "/proc") lists++;
        return proc.list(path);
      },
    };
    // 10 and 11 are of one workload, 12 is another.
    expect(await lookAround([[10, 11], [12]], me, counted)).toEqual([
      expect.stringMatching(/^process 12 has environ of process 10 open/),
    ]);
    expect(lists).toBe(1);
  });

  it("does bounded work and says so, and names only some of a kind", async () => {
    const links = { 10: [], 11: Array.from({ length: 100_001 }, () => "/dev/null"), 12: ["/proc/10/mem"] };
    expect(await lookAround([[10]], me, machine(links))).toEqual([expect.stringContaining("only the first 100000")]);
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [100 + n, ["/proc/10/mem"]]));
    const found = await lookAround([[10]], me, machine({ 10: [], ...many }));
    expect(found).toHaveLength(9);
    expect(found.at(-1)).toBe("… and 12 more of that kind");
  });
});
