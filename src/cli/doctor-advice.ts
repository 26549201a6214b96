// SPDX-License-Identifier: Apache-2.0
// What an operator should change, from what doctor found. Each line stands by itself and carries its command.

import type { Finding } from "./doctor.js";

/** Something to change, or a fact that people ask about and that needs no change. */
export interface Advice {
  change: boolean;
  text: string;
}

const change = (text: string): Advice => ({ change: true, text });
const fine = (text: string): Advice => ({ change: false, text });

export function adviceFor(finding: Finding): Advice[] {
  const { facts } = finding;
  const advice: Advice[] = [];
  if (!facts.root) advice.push(change("Run doctor and the agent as root (sudo)."));
  else if (facts.missingCapabilities.length > 0) {
    advice.push(change(`Give this container the capabilities it lacks: ${facts.missingCapabilities.join(", ")}.`));
  }
  if (!facts.btf)
    advice.push(change("Use a kernel built with CONFIG_DEBUG_INFO_BTF: /sys/kernel/btf/vmlinux is missing."));
  if (finding.untried?.startsWith("guards that")) {
    advice.push(
      change("Start the agent, which takes the guards over, or take them off with: cloudtaser agent --uninstall."),
    );
  }
  if (facts.ftraceEnabled === false) {
    advice.push(
      change("kernel.ftrace_enabled is 0, which stops the kernel from calling guards: sysctl kernel.ftrace_enabled=1."),
    );
  }
  if ((finding.agent?.form ?? finding.diagnosis?.chosen) === "signal") {
    advice.push(
      change(
        finding.agent === undefined
          ? "Neither lsm nor fmod_ret works here: use a kernel with BPF trampolines (x86-64 from 5.7 on, arm64 from 6.4 on, CONFIG_DEBUG_INFO_BTF, CONFIG_FUNCTION_TRACER)."
          : "The agent runs in the signal form, which kills after the fact: set form: auto where lsm or fmod_ret works (doctor without an agent tries them).",
      ),
    );
  }
  // Only root can read how far the kernel preempts, on which this advice rests.
  if (facts.root) advice.push(...lsmAdvice(finding));
  if (!facts.bpffs) {
    advice.push(change("Without a BPF file system the guards end with the agent: mount -t bpf bpf /sys/fs/bpf."));
  }
  if (!facts.initialPidNamespace) {
    advice.push(change("Process ids here are not those of the node: run in the node's pid namespace (hostPID: true)."));
  }
  if (finding.lockedOut) {
    const kept =
      finding.agent === undefined ? "" : " The agent that runs was started before, and cannot be started again.";
    advice.push(
      change(
        `Lockdown is at confidentiality, in which this kernel lets BPF read no memory: boot with lockdown=integrity, or a kernel from 6.2 on.${kept}`,
      ),
    );
  } else if (facts.lockdown === "confidentiality") {
    advice.push(
      fine(
        "Lockdown is at confidentiality: no registered secret can be looked for. With lockdown=integrity they can be.",
      ),
    );
  }
  return advice;
}

function lsmAdvice({ facts, diagnosis, agent }: Finding): Advice[] {
  if (facts.lsms === undefined) {
    return [
      change(
        "The list of LSMs cannot be read: mount -t securityfs securityfs /sys/kernel/security, then run doctor again.",
      ),
    ];
  }
  const form = agent?.form ?? diagnosis?.chosen;
  if (form === "fmod_ret" && facts.lsms.includes("bpf") && facts.preempts) {
    return [change("fmod_ret may be skipped here and bpf is among the active LSMs: set form: auto.")];
  }
  if (facts.lsms.includes("bpf") || form === "signal") return [];
  const bootOption = `lsm=${[...facts.lsms, "bpf"].join(",")}`;
  if (diagnosis?.bpfLsm === false) {
    const text = "This kernel is built without CONFIG_BPF_LSM, so only fmod_ret is possible";
    return [
      facts.preempts ? change(`${text}, which it may skip: use a kernel with CONFIG_BPF_LSM.`) : fine(`${text}.`),
    ];
  }
  if (facts.preempts) {
    const unknown =
      facts.preemption === "unknown"
        ? " (How far it preempts cannot be read without debugfs; mount -t debugfs debugfs /sys/kernel/debug to let it be known.)"
        : "";
    return [
      change(
        `bpf is not among the active LSMs, and this kernel preempts (${facts.preemption}), so that fmod_ret may be skipped: add bpf to the boot option: ${bootOption}${unknown}`,
      ),
    ];
  }
  if (form !== "fmod_ret") return [];
  return [
    fine(
      `bpf is not among the active LSMs; fmod_ret is sound here all the same, since this kernel does not preempt (${facts.preemption}). To have the lsm form: ${bootOption}`,
    ),
  ];
}
