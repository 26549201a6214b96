// SPDX-License-Identifier: Apache-2.0
// Locked down to confidentiality: one message where no door can read, and which door the kernel answers for itself.

import { describe, expect, it } from "vitest";
import { lockdownWarnings } from "../../src/agent/reports.js";
import { refusedBefore } from "../../src/kernel/canary.js";
import { doorNames } from "../../src/kernel/doors.js";
import { lockedOut } from "../../src/kernel/objects.js";
import { openKernel } from "../../src/kernel/open.js";
import type { KernelOptions } from "../../src/kernel/options.js";

describe("a kernel that is locked down to confidentiality", () => {
  it.each(["auto", "lsm", "fmod_ret", "signal"] as const)(
    "and has no typed loads is one error in the form %s, before anything is tried",
    async (form) => {
      const asked: string[] = [];
      const native = { kernelHasFunction: (name: string) => asked.push(name) < 0 };
      const options = { native, form, facts: { lockdown: "confidentiality", release: "5.10.0" } };
      const error = openKernel(options as unknown as KernelOptions);
      await expect(error).rejects.toMatchObject({ code: "LOCKED_DOWN" });
      await expect(error).rejects.toThrow(/locked down to confidentiality/);
      expect(asked).toEqual(["bpf_rdonly_cast"]);
    },
  );

  it.each([
    ["confidentiality", false, true],
    ["confidentiality", true, false],
    ["integrity", false, false],
    [undefined, false, false],
  ])("locked down to %s, typed loads %s: nothing can be loaded %s", (lockdown, has, out) => {
    expect(lockedOut({ kernelHasFunction: () => has }, { lockdown })).toBe(out);
  });

  it("refuses before one door is asked, Yama before two, and a kernel that takes no modules before two others", () => {
    const before = (ptraceScope: number | undefined, lockdown: string | undefined, modulesDisabled = false) =>
      doorNames.filter((door) => refusedBefore(door, { ptraceScope, lockdown, modulesDisabled }) !== undefined);
    expect(before(1, "none")).toEqual([]);
    expect(before(undefined, "integrity")).toEqual([]);
    expect(before(2, "confidentiality")).toEqual(["locked_down"]);
    expect(before(3, undefined)).toEqual(["ptrace_access_check", "ptrace_traceme"]);
    expect(before(1, "none", true)).toEqual(["kernel_read_file", "kernel_load_data"]);
  });
});

describe("a lockdown that is raised while an agent runs", () => {
  it("is a warning of its status, and what it takes away with it", () => {
    expect(lockdownWarnings({ lockdown: "none" }, "none")).toEqual([]);
    expect(lockdownWarnings({ lockdown: "confidentiality" }, "confidentiality")).toEqual([]);
    // Nothing to be seen says nothing.
    expect(lockdownWarnings({ lockdown: "none" }, undefined)).toEqual([]);
    expect(lockdownWarnings({ lockdown: "none" }, "integrity").join()).toMatch(/integrity while .* its guards go on$/);
    expect(lockdownWarnings({ lockdown: "integrity" }, "confidentiality").join()).toMatch(
      /go on; where no secret is registered none can be.*until the next boot$/,
    );
  });
});
