// SPDX-License-Identifier: Apache-2.0
// What doctor makes of what it finds: verdict, exit status, and the change that it asks for.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/cli/doctor.js";
import { adviceFor } from "../../src/cli/doctor-advice.js";
import { doctorLines, doctorValue } from "../../src/cli/doctor-report.js";
import { doctorStatus, verdict } from "../../src/cli/doctor-verdict.js";
import { CloudtaserError } from "../../src/errors/index.js";
import type { DoorStatus } from "../../src/kernel/doors.js";
import { type DoorName, doorNames, type Form, soundnessOf } from "../../src/kernel/doors.js";
import type { KernelFacts } from "../../src/kernel/probe.js";
import { status } from "./cli-support.js";

const facts: KernelFacts = {
  release: "6.1.0",
  version: "#1 SMP",
  processor: "x64",
  btf: true,
  lsms: ["lockdown", "capability", "apparmor"],
  lockdown: "none",
  preemption: "full",
  preempts: true,
  ftraceEnabled: true,
  bpffs: true,
  root: true,
  missingCapabilities: [],
  initialPidNamespace: true,
  restraints: { unprivilegedBpf: 2, ptraceScope: 0, selinux: undefined, label: "unconfined", openBugs: [] },
};

function doorsIn(form: Form, preempts: boolean, failing: readonly DoorName[] = []): DoorStatus[] {
  return doorNames.map((door) => ({
    door,
    form,
    attached: true,
    idle: false,
    proved: !failing.includes(door),
    untried: false,
    reason: failing.includes(door) ? "the canary's attack succeeded" : "",
    soundness: soundnessOf(form, preempts),
    recursionMisses: 0n,
    log: failing.includes(door) ? "verifier \u001b[31msays\nno" : "",
  }));
}

function found(over: Partial<KernelFacts>, chosen: Form | undefined, failing: readonly DoorName[] = []): Finding {
  const all = { ...facts, ...over };
  const trials = (["lsm", "fmod_ret"] as const).map((form) => ({
    form,
    problem: undefined,
    doors: doorsIn(form, all.preempts, form === chosen ? failing : doorNames),
    secrets: "",
  }));
  return {
    facts: all,
    agent: undefined,
    diagnosis: { bpfLsm: true, trials, chosen },
    untried: undefined,
    lockedOut: false,
  };
}

const changes = (finding: Finding): string[] =>
  adviceFor(finding)
    .filter((one) => one.change)
    .map(({ text }) => text);

describe("doctor", () => {
  it("is never content with the signal form, and says what it is worth", () => {
    const trial = { form: "signal" as const, problem: undefined, doors: doorsIn("signal", false), secrets: "none" };
    const finding = found({ preempts: false }, undefined);
    const late = { ...finding, diagnosis: { bpfLsm: true, trials: [trial], chosen: "signal" as const } };
    expect(doctorStatus(late)).not.toBe(0);
    expect(verdict(late)).toMatchObject({ good: false });
    expect(verdict(late).text).toContain("kills after the fact");
    expect(changes(late).join("\n")).toContain("use a kernel with BPF trampolines");
  });

  it("is content with the lsm form", () => {
    const finding = found({ lsms: ["capability", "bpf"] }, "lsm");
    expect(doctorStatus(finding)).toBe(0);
    expect(adviceFor(finding)).toEqual([]);
    expect(verdict(finding)).toMatchObject({ good: true });
    expect(doctorLines(finding, [], false).join("\n")).toContain("lsm (chosen)");
  });

  it("is content with fmod_ret where the kernel does not preempt, and says why", () => {
    const finding = found({ preempts: false, preemption: "none" }, "fmod_ret");
    expect(doctorStatus(finding)).toBe(0);
    expect(changes(finding)).toEqual([]);
    expect(adviceFor(finding)[0]?.text).toContain("does not preempt (none)");
  });

  it("asks for bpf in the boot option, with the list as it is, where it does", () => {
    const finding = found({}, "fmod_ret");
    expect(doctorStatus(finding)).toBe(6);
    expect(changes(finding)[0]).toContain("lsm=lockdown,capability,apparmor,bpf");
    expect(verdict(finding).text).toContain("may skip");
  });

  it("does not ask for a boot option that this kernel cannot follow", () => {
    const finding = found({}, "fmod_ret");
    const without = { ...finding, diagnosis: finding.diagnosis && { ...finding.diagnosis, bpfLsm: false } };
    expect(changes(without).join()).not.toContain("lsm=");
    expect(changes(without).join()).toContain("CONFIG_BPF_LSM");
  });

  it("names doors that fail, with the verifier's words made harmless", () => {
    const finding = found({ lsms: ["bpf"] }, "lsm", ["bpf"]);
    expect(doctorStatus(finding)).toBe(6);
    const text = doctorLines(finding, [], false).join("\n");
    expect(text).toContain("lsm: bpf: the canary's attack succeeded");
    expect(text).toContain("verifier \\x1b[31msays");
    expect(verdict(finding).text).toContain(`Only ${doorNames.length - 1} of ${doorNames.length}`);
    expect(JSON.parse(JSON.stringify(doctorValue(finding, [])))).toMatchObject({ sound: false, form: "lsm" });
  });

  it("says what a processor does not have", () => {
    const lineOf = (processor: string): string | undefined =>
      doctorLines(found({ processor }, "lsm"), [], false).find((line) => line.startsWith("processor"));
    expect(lineOf("x64")).toContain("x32 calls are guarded");
    expect(lineOf("arm64")).toContain("no I/O ports, no model-specific registers");
    expect(lineOf("riscv64")).toContain("guards do not know its system calls");
    expect(doctorValue(found({ processor: "arm64" }, "lsm"), [])).toMatchObject({ facts: { processor: "arm64" } });
  });

  it("is unsupported where no door works", () => {
    const problem = new CloudtaserError("NO_DOORS", { target: "this kernel" });
    const trials = (["lsm", "fmod_ret"] as const).map((form) => ({
      form,
      problem,
      doors: [],
      secrets: problem.message,
    }));
    const finding = { ...found({}, undefined), diagnosis: { bpfLsm: true, trials, chosen: undefined } };
    expect(doctorStatus(finding)).toBe(3);
    expect(doctorLines(finding, [], false).join("\n")).toContain("no door could be loaded on this kernel");
  });

  it.each<[Partial<KernelFacts>, string]>([
    [{ ftraceEnabled: false }, "sysctl kernel.ftrace_enabled=1"],
    [{ bpffs: false }, "mount -t bpf bpf /sys/fs/bpf"],
    [{ initialPidNamespace: false }, "hostPID"],
    [{ lsms: undefined }, "mount -t securityfs"],
    [{ missingCapabilities: ["CAP_BPF"] }, "CAP_BPF"],
    [{ btf: false }, "CONFIG_DEBUG_INFO_BTF"],
    [{ preemption: "unknown" }, "mount -t debugfs"],
  ])("knows the way out of %j", (over, text) => {
    expect(changes(found(over, "fmod_ret")).join("\n")).toContain(text);
  });

  it("says what it did not try, and why", () => {
    const base = { facts: { ...facts, root: false }, agent: undefined, diagnosis: undefined, lockedOut: false };
    const finding = { ...base, untried: "trying the doors needs root" };
    expect(doctorStatus(finding)).toBe(4);
    expect(verdict(finding).text).toContain("needs root");
    expect(changes(finding)[0]).toContain("sudo");
  });

  it("goes by the agent that runs", () => {
    const finding = { facts, agent: status, diagnosis: undefined, untried: undefined, lockedOut: false };
    expect(doctorStatus(finding)).toBe(6);
    expect(doctorLines(finding, [], false).join("\n")).toContain("runs, pid 99");
  });

  it("says of a kernel that lets BPF read no memory that it cannot, and what to boot with", () => {
    const lockedFacts = { ...facts, lockdown: "confidentiality" };
    const base = { facts: lockedFacts, agent: undefined, diagnosis: undefined, lockedOut: true };
    const finding = { ...base, untried: "locked down" };
    expect(doctorStatus(finding)).toBe(3);
    expect(changes(finding).join()).toContain("lockdown=integrity");
    // Guards that were loaded before stand.
    const standing = { ...finding, agent: status, untried: undefined };
    expect(doctorStatus(standing)).toBe(6);
    expect(changes(standing).join()).toContain("cannot be started again");
  });

  it("says whether secrets can be looked for, and what keeps them from it", () => {
    const finding = found({ lsms: ["bpf"], lockdown: "confidentiality" }, "lsm");
    expect(doctorLines(finding, [], false).join("\n")).toMatch(/secrets +yes/);
    for (const trial of finding.diagnosis?.trials ?? []) trial.secrets = "helpers \u001b[2J refused";
    const lines = doctorLines(finding, [], false).join("\n");
    expect(lines).toContain("cannot be looked for: helpers \\x1b[2J refused");
    const advice = adviceFor(finding);
    expect(advice.find(({ text }) => text.includes("lockdown=integrity"))).toMatchObject({ change: false });
    expect(doctorValue(finding, [])).toMatchObject({ secrets: "helpers \u001b[2J refused" });
  });

  it("names a door that is proved although another refuses before it is asked", () => {
    const finding = found({ lsms: ["bpf"], lockdown: "confidentiality" }, "lsm");
    expect(doctorLines(finding, [], false).join("\n")).not.toContain("lsm: locked_down");
    for (const trial of finding.diagnosis?.trials ?? []) {
      for (const door of trial.doors) if (door.door === "locked_down") door.reason = "not asked: the kernel refuses";
    }
    expect(doctorStatus(finding)).toBe(0);
    expect(doctorLines(finding, [], false).join("\n")).toContain("lsm: locked_down: not asked: the kernel refuses");
  });
});
