// SPDX-License-Identifier: Apache-2.0
// The second hand of the reactive kill, for the case in which the kernel could not signal from the hook itself. A pidfd
// fixes the process before its start time is compared, so that a pid that changed hands is never hit.
import { readFileSync } from "node:fs";
import type { Native } from "../kernel/index.js";

const SIGKILL = 9;
const PF_KTHREAD = 0x00200000;
const nanosecondsPerTick = 10_000_000n;

export function createKiller(native: Native, self = process.pid) {
  return (who: { tgid: number; startBoottimeNs: bigint }): boolean => {
    if (who.tgid <= 1 || who.tgid === self) return false;
    try {
      const pidfd = native.openPidfd(who.tgid);
      try {
        const stat = readFileSync(`/proc/${who.tgid}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if ((Number(fields[6]) & PF_KTHREAD) !== 0) return false;
        if (BigInt(fields[19] ?? -1) !== who.startBoottimeNs / nanosecondsPerTick) return false;
        pidfd.signal(SIGKILL);
        return true;
      } finally {
        pidfd.close();
      }
    } catch {
      return false; // gone already
    }
  };
}
