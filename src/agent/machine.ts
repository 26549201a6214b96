// SPDX-License-Identifier: Apache-2.0
// What the agent needs of its machine before it loads anything, and of itself before it answers.
import { CloudtaserError } from "../errors/index.js";
import { enableFtrace, type KernelFacts } from "../kernel/index.js";
import type { Log } from "../log/index.js";

/** Throws for what is missing; sets the switch that silences every guard back to 1. */
/** Between the steps of the start, each of which may take a while. */
export function stopIfInterrupted(interrupted: () => string | undefined): void {
  const signal = interrupted();
  if (signal !== undefined) throw new CloudtaserError("START_INTERRUPTED", { target: signal });
}

export function checkMachine(facts: KernelFacts, log: Log): void {
  if (!facts.root && facts.missingCapabilities.length > 0) {
    throw new CloudtaserError("NOT_ROOT", { target: "cloudtaser agent", fields: { uid: process.geteuid?.() ?? -1 } });
  }
  if (!facts.btf) throw new CloudtaserError("NO_BTF", { target: "/sys/kernel/btf/vmlinux" });
  if (facts.ftraceEnabled === false) {
    if (!enableFtrace()) throw new CloudtaserError("FTRACE_OFF", { target: "/proc/sys/kernel/ftrace_enabled" });
    log.warn("kernel.ftrace_enabled was 0, which silences every guard; it was set to 1");
  }
}

export function failIfInterrupted(interrupted: () => string | undefined): void {
  const signal = interrupted();
  if (signal !== undefined) throw new CloudtaserError("START_INTERRUPTED", { target: signal });
}

export function started<Room>(room: Room | undefined): Room {
  if (room === undefined) {
    throw new CloudtaserError("AGENT_NOT_RUNNING", { target: "this agent, which is still starting" });
  }
  return room;
}
