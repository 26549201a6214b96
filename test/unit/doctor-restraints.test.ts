// SPDX-License-Identifier: Apache-2.0
// What else holds programs back: read from files as the kernel writes them, and said in one line each.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Finding } from "../../src/cli/doctor.js";
import { restraintsOf } from "../../src/cli/doctor-restraints.js";
import type { KernelFacts } from "../../src/kernel/probe.js";
import { type Restraints, readRestraints } from "../../src/kernel/restraints.js";
import { status } from "./cli-support.js";

const scratch = mkdtempSync(join(tmpdir(), "restraints-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let count = 0;

function rootWith(files: Record<string, string>): string {
  const root = join(scratch, String(count++));
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const lsm = "sys/kernel/security/lsm";
const enforce = "sys/fs/selinux/enforce";
const bugs = "sys/devices/system/cpu/vulnerabilities";

describe("readRestraints", () => {
  it("knows nothing where nothing is to be read", () => {
    expect(readRestraints(rootWith({}))).toEqual({
      unprivilegedBpf: undefined,
      ptraceScope: undefined,
      selinux: undefined,
      label: "",
      openBugs: undefined,
    });
  });

  it("reads switches, labels and bugs as the kernel writes them", () => {
    const files = {
      "proc/sys/kernel/unprivileged_bpf_disabled": "1\n",
      "proc/sys/kernel/yama/ptrace_scope": "3\n",
      "proc/self/attr/current": "docker-default (enforce)\n\0",
      [`${bugs}/meltdown`]: "Mitigation: PTI\n",
      [`${bugs}/mds`]: "Vulnerable: Clear CPU buffers attempted, no microcode\n",
      [`${bugs}/l1tf`]: "Vulnerable\n",
      [`${bugs}/srbds`]: "Not affected\n",
    };
    expect(readRestraints(rootWith(files))).toEqual({
      unprivilegedBpf: 1,
      ptraceScope: 3,
      selinux: undefined,
      label: "docker-default (enforce)",
      openBugs: ["l1tf", "mds"],
    });
  });

  it.each([
    [{ [lsm]: "lockdown,selinux,bpf", [enforce]: "1" }, "enforcing"],
    [{ [lsm]: "lockdown,selinux,bpf", [enforce]: "0" }, "permissive"],
    [{ [lsm]: "lockdown,selinux,bpf" }, "unknown"],
    [{ [lsm]: "lockdown,apparmor,bpf" }, undefined],
  ])("tells the states of SELinux: %j", (files, selinux) => {
    expect(readRestraints(rootWith(files))).toMatchObject({ selinux });
  });
});

const none: Restraints = {
  unprivilegedBpf: undefined,
  ptraceScope: undefined,
  selinux: undefined,
  label: "",
  openBugs: undefined,
};

function said(
  about: string,
  facts: Partial<KernelFacts>,
  restraints: Partial<Restraints> = {},
  more: Partial<Finding> = {},
): string {
  const finding = { facts: { ...facts, restraints: { ...none, ...restraints } }, lockedOut: false, ...more };
  const found = restraintsOf(finding as Finding).find((one) => one.about === about);
  return found ? `${found.good ? "good" : "bad"}: ${found.found}: ${found.means}` : "not said";
}

describe("restraintsOf", () => {
  it.each<[string, Partial<KernelFacts>, Partial<Restraints>, RegExp]>([
    ["active LSMs", { lsms: ["yama", "bpf"] }, {}, /^good: yama,bpf: .*calls guards in the lsm form/],
    ["active LSMs", { lsms: ["yama"] }, {}, /^good: yama: .*never be called; fmod_ret/],
    ["active LSMs", { lsms: undefined }, {}, /not to be read/],
    ["lockdown", { lockdown: "none" }, {}, /^good: none: nothing/],
    ["lockdown", { lockdown: "integrity" }, {}, /^good: integrity: the guards work whole; .* no event/],
    ["lockdown", { lockdown: "confidentiality" }, {}, /^good: confidentiality: .*typed loads.*no secret/],
    ["lockdown", { lockdown: "other" }, {}, /^bad: other: /],
    ["lockdown", { lockdown: undefined }, {}, /securityfs/],
    ["access control", { lsms: [] }, { selinux: "enforcing", label: "init_t" }, /init_t.*prog_load.*perfmon/],
    ["access control", { lsms: [] }, { selinux: "permissive" }, /refuses nothing/],
    ["access control", { lsms: [] }, { selinux: "unknown" }, /without selinuxfs/],
    ["access control", { lsms: ["apparmor"] }, { label: "unconfined" }, /AppArmor, this process is unconfined/],
    ["access control", { lsms: ["apparmor"] }, { label: "x (enforce)" }, /under x \(enforce\): the profile must allow/],
    ["access control", { lsms: ["bpf"] }, {}, /neither SELinux nor AppArmor/],
    ["unprivileged BPF", {}, { unprivilegedBpf: 0 }, /=0: every user may load filters/],
    ["unprivileged BPF", {}, { unprivilegedBpf: 1 }, /=1: CAP_BPF is needed until the next boot/],
    ["unprivileged BPF", {}, { unprivilegedBpf: 2 }, /=2: CAP_BPF is needed until root changes it/],
    ["unprivileged BPF", {}, {}, /no such switch/],
    ["Yama", {}, {}, /not active/],
    ["Yama", {}, { ptraceScope: 0 }, /=0: a user may trace own processes/],
    ["Yama", {}, { ptraceScope: 1 }, /=1: a user may trace own children/],
    ["Yama", {}, { ptraceScope: 2 }, /=2: CAP_SYS_PTRACE/],
    ["Yama", {}, { ptraceScope: 3 }, /=3: nobody may trace anybody until the next boot/],
    ["CPU mitigations", {}, { openBugs: [] }, /no known processor bug is open/],
    ["CPU mitigations", {}, { openBugs: ["mds"] }, /open to mds: .*mitigations=auto/],
    ["CPU mitigations", {}, {}, /not to be read/],
  ])("%s, of %j %j", (about, facts, restraints, words) => {
    expect(said(about, facts, restraints)).toMatch(words);
  });

  it("says of a kernel without typed loads that no guard can be loaded, and that those that stand go on", () => {
    const locked = { lockdown: "confidentiality" };
    expect(said("lockdown", locked, {}, { lockedOut: true })).toMatch(/^bad: .*no guard can be loaded$/);
    expect(said("lockdown", locked, {}, { lockedOut: true, agent: status })).toMatch(/those that stand go on$/);
  });
});
