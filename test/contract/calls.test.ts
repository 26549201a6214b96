// SPDX-License-Identifier: Apache-2.0
// Numbers of system calls are written down by hand, for two processors: they are compared with the kernel's own headers, and
// those of 32-bit arm programs, whose headers no machine here has, with the names that events give them.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { syscallNumbers } from "../../src/pipeline/syscalls.js";
import { read } from "./sources.js";

/** Where the name is not the call's own in small letters. */
const names: Readonly<Record<string, string>> = {
  COPY_RANGE: "copy_file_range",
  PROCESS_VM_READ: "process_vm_readv",
  PROCESS_VM_WRITE: "process_vm_writev",
};
const callOf = (name: string): string => names[name] ?? name.toLowerCase();

/** What the lists hold. */
const lists: Readonly<Record<string, readonly string[]>> = {
  PTRACE_CALLS: ["ptrace"],
  PROCESS_VM_READ_CALLS: ["process_vm_readv"],
  PROCESS_VM_WRITE_CALLS: ["process_vm_writev"],
  WRITE_PIECES_CALLS: ["writev", "pwritev", "pwritev2"],
  IO_SUBMIT_CALLS: ["io_submit"],
  READ_CALLS: ["read", "pread64", "readv", "preadv", "preadv2"],
  LOOK_CALLS: [
    ...["stat", "lstat", "access", "readlink"],
    ...["getxattr", "newfstatat", "readlinkat", "faccessat", "statx", "faccessat2"],
  ],
};
const lists32: Readonly<Record<string, readonly string[]>> = {
  WRITE_PIECES_CALLS_32: lists["WRITE_PIECES_CALLS"] ?? [],
  READ_CALLS_32: lists["READ_CALLS"] ?? [],
};

const processors = [
  { header: "bpf/calls_x86.h", arch: "x64", own: "x86_64-linux-gnu/asm/unistd_64.h" },
  { header: "bpf/calls_arm64.h", arch: "arm64", own: "asm-generic/unistd.h" },
] as const;

/** The kernel's names and numbers as its header has them. */
function table(header: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, value] of read(`/usr/include/${header}`).matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm))
    found.set(name === "fstatat" ? "newfstatat" : (name ?? ""), Number(value));
  expect(found.size).toBeGreaterThan(200);
  return found;
}

const single = (source: string, prefix: string): [string, number][] =>
  [...source.matchAll(new RegExp(`^#define ${prefix}_(\\w+)\\s+(\\d+)$`, "gm"))].map(([, name = "", value]) => [
    name,
    Number(value),
  ]);

/** The numbers of a list; those of x32 are 512 and more. */
function listed(source: string, name: string): number[] {
  const text = new RegExp(`^#define ${name}\\s((?:.*\\\\\\n)*.*)$`, "m").exec(source)?.[1] ?? "";
  return [...text.matchAll(/\d+/g)].map(([value]) => Number(value)).filter((value) => value < 512);
}

describe.each(processors)("$header", ({ header, arch, own }) => {
  const source = read(header);
  // The kernel's headers are those of Debian on either processor; elsewhere there is nothing to compare with.
  const there = existsSync(`/usr/include/${own}`);

  it.skipIf(!there)("has the numbers of the kernel's header", () => {
    const kernel = table(own);
    const wrong = single(source, "NR").filter(
      ([name, value]) => !name.startsWith("X32_") && kernel.get(callOf(name)) !== value,
    );
    expect(wrong).toEqual([]);
    expect(single(source, "NR").length).toBeGreaterThan(15);
    for (const [list, calls] of Object.entries(lists)) {
      const expected = calls.flatMap((call) => kernel.get(call) ?? []);
      expect(listed(source, list).sort(), list).toEqual(expected.sort());
    }
  });

  it("has the numbers under which events name the calls", () => {
    const wrong: string[] = [];
    for (const [prefix, at] of [
      ["NR", 0],
      ["NR32", 1],
    ] as const) {
      for (const [name, value] of single(source, prefix)) {
        const known = syscallNumbers[callOf(name)]?.[arch][at];
        if (known !== undefined && known !== value) wrong.push(`${prefix}_${name}: ${value}, named ${known}`);
      }
    }
    expect(wrong).toEqual([]);
    const named = (call: string): number => syscallNumbers[call]?.[arch][1] ?? -1;
    expect(listed(source, "READ_CALLS_32").sort()).toEqual((lists32["READ_CALLS_32"] ?? []).map(named).sort());
  });
});

it.skipIf(!existsSync("/usr/include/x86_64-linux-gnu/asm/unistd_32.h"))(
  "has the numbers of 32-bit calls of x86",
  () => {
    const kernel = table("x86_64-linux-gnu/asm/unistd_32.h");
    const source = read("bpf/calls_x86.h");
    expect(single(source, "NR32").filter(([name, value]) => kernel.get(callOf(name)) !== value)).toEqual([]);
    for (const [list, calls] of Object.entries(lists32))
      expect(listed(source, list).sort(), list).toEqual(calls.flatMap((call) => kernel.get(call) ?? []).sort());
  },
);

it("has the same names for both", () => {
  const of = (header: string): string[] => [...read(header).matchAll(/^#define (\w+)/gm)].map(([, name = ""]) => name);
  const both = (header: string): string[] =>
    of(header)
      .filter((name) => !name.startsWith("CT_") && /^(NR|REG|COMPAT|O_|\w*_CALLS)/.test(name))
      .sort();
  expect(both("bpf/calls_arm64.h")).toEqual(both("bpf/calls_x86.h"));
});
