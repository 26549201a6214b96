// SPDX-License-Identifier: Apache-2.0
// What the agent needs of its machine before it loads anything, and of itself before it answers.
import { readFileSync } from "node:fs";
import { CloudtaserError } from "../errors/index.js";
import { enableFtrace, type KernelFacts, Pins } from "../kernel/index.js";
import type { Log } from "../log/index.js";

/** Between the steps of the start, each of which may take a while. */
export function stopIfInterrupted(interrupted: () => string | undefined): void {
  const signal = interrupted();
  if (signal !== undefined) throw new CloudtaserError("START_INTERRUPTED", { target: signal });
}

/** A word of the kernel's command line: for a node that its own guards keep from being repaired. */
export const rescueWord = "cloudtaser=off";

/**
 * Throws for what is missing; sets the switch that silences every guard back to 1.
 * @param cmdline file with the kernel's command line. Guards that stand were not put there by such a boot: then somebody made
 * up that file, and it is not believed.
 */
export function checkMachine(facts: KernelFacts, pinPath: string, log: Log, cmdline = "/proc/cmdline"): void {
  if (isRescue(cmdline)) {
    if (!new Pins(pinPath).standing) throw new CloudtaserError("RESCUE_BOOT", { target: rescueWord });
    log.error("the kernel's command line says to stay off, but guards stand: it is not believed", { cmdline });
  }
  if (!facts.root && facts.missingCapabilities.length > 0) {
    throw new CloudtaserError("NOT_ROOT", { target: "cloudtaser agent", fields: { uid: process.geteuid?.() ?? -1 } });
  }
  if (!facts.btf) throw new CloudtaserError("NO_BTF", { target: "/sys/kernel/btf/vmlinux" });
  if (facts.ftraceEnabled === false) {
    if (!enableFtrace()) throw new CloudtaserError("FTRACE_OFF", { target: "/proc/sys/kernel/ftrace_enabled" });
    log.warn("kernel.ftrace_enabled was 0, which silences every guard; it was set to 1");
  }
}

function isRescue(cmdline: string): boolean {
  try {
    return readFileSync(cmdline, "utf8").trim().split(/\s+/).includes(rescueWord);
  } catch {
    return false; // nobody asked for it
  }
}

export function started<Room>(room: Room | undefined): Room {
  if (room === undefined) {
    throw new CloudtaserError("AGENT_NOT_RUNNING", { target: "this agent, which is still starting" });
  }
  return room;
}
