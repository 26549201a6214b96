// SPDX-License-Identifier: Apache-2.0
// What the machine must offer before anything is loaded.
import { CloudtaserError } from "../errors/index.js";
import { enableFtrace, type KernelFacts } from "../kernel/index.js";
import type { Log } from "../log/index.js";

/** Throws NOT_ROOT, NO_BTF or FTRACE_OFF. */
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
