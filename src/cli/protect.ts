// SPDX-License-Identifier: Apache-2.0
// cloudtaser protect: a running process, unit or control group, or a command from its first instruction.

import type { Command } from "commander";
import type { ProtectRequest } from "../control/protocol.js";
import { CloudtaserError, printable } from "../errors/index.js";
import { keyOption } from "./authority-key.js";
import { type Io, sessionOf } from "./io.js";
import { launch } from "./launch.js";
import { parsePid } from "./pid.js";
import { count, showReport } from "./processes.js";
import { collect } from "./secrets.js";

interface ProtectOptions {
  unit?: string;
  cgroup?: string;
  name?: string;
  secretEnv: string[];
  allow: string[];
  key?: string;
}

function requestOf(pid: string | undefined, { unit, cgroup, name }: ProtectOptions, self: boolean): ProtectRequest {
  const given = [pid, unit, cgroup, self ? "--" : undefined].filter((one) => one !== undefined);
  if (given.length !== 1) {
    const reason = "needs exactly one of PID, --unit NAME, --cgroup PATH and -- COMMAND";
    throw new CloudtaserError("USAGE", { target: "protect", fields: { reason } });
  }
  return {
    ...(pid === undefined ? {} : { pid: parsePid(pid) }),
    ...(unit === undefined ? {} : { unit }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(name === undefined ? {} : { name }),
    ...(self ? { self: true as const } : {}),
  };
}

export function addProtect(program: Command, io: Io): void {
  program
    .command("protect")
    .description(
      "protect a process with its children, a unit, a control group, or a command from its first instruction",
    )
    .usage("[options] PID | --unit NAME | --cgroup PATH | -- COMMAND…")
    .argument("[pid]", "process id on this node")
    .option("--unit <name>", "systemd unit")
    .option("--cgroup <path>", "control group, a directory below /sys/fs/cgroup: who is in it, or enters it")
    .option("--name <workload>", "name of the workload in events and status")
    .option(
      "--secret-env <variable>",
      "register the value of a variable as a secret, before -- COMMAND starts",
      collect,
      [],
    )
    .option("--allow <variable=place>", "where such a secret may go, as for: secrets add", collect, [])
    .option(...keyOption)
    .action(async (pid: string | undefined, options: ProtectOptions, command: Command) => {
      const session = sessionOf(io, command);
      const request = requestOf(pid, options, io.tail !== undefined);
      const variables = { names: options.secretEnv, allow: options.allow, key: options.key };
      if (io.tail !== undefined) return launch(io, session, request, io.tail, variables);
      if (variables.names.length + variables.allow.length > 0) {
        const reason = "--secret-env and --allow go with -- COMMAND; for what runs already, use: secrets add";
        throw new CloudtaserError("USAGE", { target: "protect", fields: { reason } });
      }
      const report = await (await session.client(options.key)).protect(request);
      const { length } = report.processes;
      const who = length === 0 ? "Nobody there yet; who enters is" : count(length, "process");
      showReport(session, report, `${who} protected as ${printable(report.workload)}`);
    });
}
