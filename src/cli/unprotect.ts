// SPDX-License-Identifier: Apache-2.0
// cloudtaser unprotect: takes a process or a whole workload out of protection.

import type { Command } from "commander";
import { CloudtaserError, printable } from "../errors/index.js";
import { keyOption } from "./authority-key.js";
import { type Io, sessionOf } from "./io.js";
import { parsePid } from "./pid.js";
import { count, showReport } from "./processes.js";

export function addUnprotect(program: Command, io: Io): void {
  program
    .command("unprotect")
    .description("end the protection of a process, or of a whole workload")
    .usage("[options] PID | --workload NAME")
    .argument("[pid]", "process id on this node")
    .option("--workload <name>", "all processes of a workload")
    .option(...keyOption)
    .action(
      async (pid: string | undefined, { workload, key }: { workload?: string; key?: string }, command: Command) => {
        const session = sessionOf(io, command);
        if ((pid === undefined) === (workload === undefined)) {
          const reason = "needs exactly one of PID and --workload NAME";
          throw new CloudtaserError("USAGE", { target: "unprotect", fields: { reason } });
        }
        const request = pid === undefined ? { workload } : { pid: parsePid(pid) };
        const report = await (await session.client(key)).unprotect(request);
        const who = count(report.processes.length, "process");
        showReport(session, report, `${who} of ${printable(report.workload)} no longer protected`);
      },
    );
}
