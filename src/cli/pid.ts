// SPDX-License-Identifier: Apache-2.0
// A process id as people type it.

import { CloudtaserError } from "../errors/index.js";

/** Most that the kernel hands out (PID_MAX_LIMIT on 64 bits). */
const maxPid = 4_194_304;

export function parsePid(text: string): number {
  const pid = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (pid < 1 || pid > maxPid) throw new CloudtaserError("PID_INVALID", { target: JSON.stringify(text) });
  return pid;
}
