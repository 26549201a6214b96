// SPDX-License-Identifier: Apache-2.0
// Who has a process's memory open, on a made-up procfs.
import { describe, expect, it } from "vitest";
import { holdersOf } from "../../src/scope/holders.js";
import type { Procfs } from "../../src/scope/surroundings.js";

/** Links by "process/thread". */
function machine(tables: Record<string, string[]>): Procfs {
  const table = (path: string): string[] => {
    const [, , pid, , thread] = path.split("/");
    const found = tables[`${pid}/${thread}`];
    if (!found) throw new Error("ENOENT");
    return found;
  };
  const threads = (pid: string): string[] =>
    Object.keys(tables).flatMap((key) => (key.startsWith(`${pid}/`) ? [key.split("/")[1] ?? ""] : []));
  return {
    list: (path) => {
      if (path === "/proc") return ["self", ...new Set(Object.keys(tables).map((key) => key.split("/")[0] ?? ""))];
      if (path.endsWith("/task")) return threads(path.split("/")[2] ?? "");
      return table(path).map((_, index) => String(index));
    },
    link: (path) => table(path)[Number(path.split("/").at(-1))] ?? "",
    file: () => "",
    read: () => "",
  };
}

describe("holdersOf", () => {
  it("finds nobody where the process alone has it, and other files and processes do not count", async () => {
    const tables = { "5/5": ["/proc/5/mem"], "7/7": ["/proc/5/maps", "/proc/55/mem", "/home/5/memo", "socket:[5]"] };
    expect(await holdersOf(5, machine(tables))).toEqual([]);
  });

  it("finds it in every thread's table, by any mount and by the path of a thread", async () => {
    const tables = {
      "5/5": [],
      "9/9": ["/dev/null"],
      "9/10": ["/mnt/proc/5/mem"],
      "7/7": ["/dev/null", "/proc/5/task/6/mem"],
      "8/8": [],
    };
    expect(await holdersOf(5, machine(tables))).toEqual([7, 9]);
  });

  it("passes over a process that ends meanwhile", async () => {
    const proc = machine({ "7/7": ["/proc/5/mem"], "8/8": ["/proc/5/mem"] });
    const link = proc.link;
    proc.link = (path) => {
      if (path.startsWith("/proc/7/")) throw new Error("ENOENT");
      return link(path);
    };
    expect(await holdersOf(5, proc)).toEqual([8]);
  });
});
