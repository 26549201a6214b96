// SPDX-License-Identifier: Apache-2.0
// Locked down: what doctor says of each switch, and the one message where no door can read.

import { describe, expect, it } from "vitest";
import { lockedRows } from "../../src/cli/doctor-locked.js";
import type { KernelOptions } from "../../src/kernel/kernel.js";
import { openKernel } from "../../src/kernel/open.js";

const rowOf = (title: string, facts: Parameters<typeof lockedRows>[0]): string | undefined =>
  lockedRows(facts).find(([name]) => name === title)?.[1];

const none = { lockdown: undefined, unprivilegedBpf: undefined, ptraceScope: undefined };

describe("a machine that is locked down", () => {
  it.each([
    ["none", "not limited"],
    ["integrity", "not limited by it"],
    ["confidentiality", "typed loads"],
  ])("lockdown=%s is explained", (lockdown, meaning) => {
    expect(rowOf("lockdown", { ...none, lockdown })).toContain(`${lockdown}: `);
    expect(rowOf("lockdown", { ...none, lockdown })).toContain(meaning);
  });

  it.each(["0", "1", "2"])("kernel.unprivileged_bpf_disabled=%s is explained", (value) => {
    expect(rowOf("unprivileged BPF", { ...none, unprivilegedBpf: value })).toMatch(RegExp(`^${value}: .*load`));
  });

  it.each(["0", "1", "2", "3"])("kernel.yama.ptrace_scope=%s is explained", (value) => {
    expect(rowOf("Yama ptrace_scope", { ...none, ptraceScope: value })).toMatch(RegExp(`^${value}: .*trace`));
  });

  it("says what is not there, and what it does not know", () => {
    expect(lockedRows(none).map(([, text]) => text)).toEqual([
      expect.stringContaining("securityfs"),
      "no such switch",
      expect.stringContaining("no Yama"),
    ]);
    expect(rowOf("Yama ptrace_scope", { ...none, ptraceScope: "7" })).toBe("7: not known to this version");
  });

  it.each(["auto", "lsm", "fmod_ret", "signal"] as const)(
    "is one error in the form %s, before anything is tried",
    async (form) => {
      const asked: string[] = [];
      const native = { kernelHasFunction: (name: string) => asked.push(name) < 0 };
      const options = { native, form, facts: { lockdown: "confidentiality", release: "5.10.0" } };
      const error = openKernel(options as unknown as KernelOptions);
      await expect(error).rejects.toMatchObject({ code: "LOCKED_DOWN", target: "this kernel (5.10.0)" });
      await expect(error).rejects.toThrow(/locked down to confidentiality/);
      expect(asked).toEqual(["bpf_rdonly_cast"]);
    },
  );
});
