// SPDX-License-Identifier: Apache-2.0
// What else on this machine holds programs back, one line each: what was found, and what it means for the guards.

import type { Finding } from "./doctor.js";

export interface Restraint {
  about: string;
  found: string;
  means: string;
  /** false: it keeps guards from standing, or may. */
  good: boolean;
}

type Word = Omit<Restraint, "about">;

const word = (found: string, means: string, good = true): Word => ({ found, means, good });

export function restraintsOf(finding: Finding): Restraint[] {
  return [
    { about: "active LSMs", ...lsmWord(finding) },
    { about: "lockdown", ...lockdownWord(finding) },
    { about: "access control", ...accessWord(finding) },
    { about: "unprivileged BPF", ...bpfWord(finding) },
    { about: "Yama", ...yamaWord(finding) },
    { about: "CPU mitigations", ...mitigationWord(finding) },
  ];
}

function lsmWord({ facts: { lsms } }: Finding): Word {
  if (lsms === undefined) return word("not to be read", "every form is tried");
  const list = lsms.join(",");
  return lsms.includes("bpf")
    ? word(list, "bpf is among them, so the kernel calls guards in the lsm form")
    : word(list, "without bpf: a guard in the lsm form would load and never be called; fmod_ret needs no entry");
}

function lockdownWord({ facts: { lockdown }, agent, lockedOut }: Finding): Word {
  switch (lockdown) {
    case undefined:
      return word("not to be read", "this kernel has no lockdown, or securityfs is not mounted");
    case "none":
      return word("none", "nothing is kept from the guards");
    case "integrity":
      return word(
        "integrity",
        "the guards work whole; what it refuses itself (ports, raw memory, unsigned modules) never reaches a guard of the lsm form and makes no event",
      );
    case "confidentiality": {
      if (!lockedOut) {
        return word(
          "confidentiality",
          "the guards that are loaded read by typed loads, which it permits; no secret can be looked for; what it refuses itself never reaches a guard of the lsm form and makes no event",
        );
      }
      const means = "BPF programs may read no memory, so no guard can be loaded";
      return word("confidentiality", agent ? `${means}; those that stand go on` : means, false);
    }
    default:
      return word(lockdown, "this level is not known here: the doors below were tried", false);
  }
}

function accessWord({ facts: { lsms, restraints } }: Finding): Word {
  const { selinux, label } = restraints;
  if (selinux === "enforcing") {
    return word(
      `SELinux, enforcing, this process is ${label || "without a label"}`,
      "the agent's domain needs bpf { map_create map_read map_write prog_load prog_run } and capability2 { bpf perfmon }; what it lacks shows as a door that is not proved",
    );
  }
  if (selinux === "permissive") return word("SELinux, permissive", "it logs and refuses nothing");
  if (selinux === "unknown") {
    return word(
      "SELinux, without selinuxfs",
      "no policy was loaded, or its state cannot be read: the doors were tried",
    );
  }
  if (!lsms?.includes("apparmor")) return word("neither SELinux nor AppArmor", "nothing is kept from the agent");
  if (label === "unconfined" || label === "") {
    return word("AppArmor, this process is unconfined", "nothing is kept from the agent");
  }
  return word(
    `AppArmor, this process is under ${label}`,
    "the profile must allow the capabilities bpf, perfmon, sys_admin and sys_ptrace, and ptrace; what it lacks shows as a door that is not proved",
  );
}

function bpfWord({ facts: { restraints } }: Finding): Word {
  const own = "the guards do not depend on it";
  switch (restraints.unprivilegedBpf) {
    case undefined:
      return word("no such switch", own);
    case 0:
      return word("unprivileged_bpf_disabled=0", `every user may load filters that read no memory; ${own}`);
    case 1:
      return word("unprivileged_bpf_disabled=1", `CAP_BPF is needed until the next boot; ${own}`);
    default:
      return word(
        `unprivileged_bpf_disabled=${restraints.unprivilegedBpf}`,
        `CAP_BPF is needed until root changes it; ${own}`,
      );
  }
}

function yamaWord({ facts: { restraints } }: Finding): Word {
  switch (restraints.ptraceScope) {
    case undefined:
      return word(
        "not active",
        "who may trace whom is decided by user ids and capabilities; the guards do not depend on it",
      );
    case 0:
      return word("ptrace_scope=0", "a user may trace own processes; the guards refuse it on protected ones");
    case 1:
      return word(
        "ptrace_scope=1",
        "a user may trace own children, root everybody; the guards refuse both on protected ones",
      );
    case 2:
      return word("ptrace_scope=2", "CAP_SYS_PTRACE may trace everybody; the guards refuse it on protected ones");
    default:
      return word(
        `ptrace_scope=${restraints.ptraceScope}`,
        "nobody may trace anybody until the next boot; where Yama stands before bpf an attempt never reaches a guard and makes no event",
      );
  }
}

function mitigationWord({ facts: { restraints } }: Finding): Word {
  const { openBugs } = restraints;
  if (openBugs === undefined) return word("not to be read", "the kernel says nothing of processor bugs");
  if (openBugs.length === 0) {
    return word("no known processor bug is open", "the guards work with mitigations as without");
  }
  return word(
    `open to ${openBugs.join(", ")}`,
    "memory may be read through the processor, which no guard sees: boot with mitigations=auto and current microcode",
  );
}
