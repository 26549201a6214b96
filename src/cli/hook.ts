// SPDX-License-Identifier: Apache-2.0
// cloudtaser hook: the hook of container runtimes as a command, and what puts its program on a node.

import type { Command } from "commander";
import { CloudtaserError, printable } from "../errors/index.js";
import { install } from "./hook-install.js";
import { line, standardInput } from "./hook-io.js";
import { defaults, failureModes, hookOptions, type RawHookOptions } from "./hook-options.js";
import { runHook } from "./hook-run.js";
import { type Io, sessionOf } from "./io.js";
import { collect } from "./secrets.js";

interface Options extends RawHookOptions {
  install?: string;
}

export function addHook(program: Command, io: Io): void {
  program
    .command("hook")
    .description("for container runtimes: protect a container before its first instruction (state on standard input)")
    .option("--on-failure <what>", `of protection: ${failureModes.join(", ")} (who asks for it does not start)`)
    .option("--timeout <seconds>", `until it counts as failed (${defaults.timeout})`)
    .option("--spare <namespace>", `its containers start whatever fails (${defaults.spare.join()})`, collect)
    .option("--install <directory>", "put the hook, and Node with it, there, and name the command for runtimes")
    .action(async (options: Options, command: Command) => {
      const session = sessionOf(io, command);
      if (options.install !== undefined) {
        const installed = install(options.install);
        if (session.json) session.value(installed);
        else session.line(printable(installed.command.join(" "), 4096));
        return;
      }
      if (io.stdinIsTerminal) {
        const fields = { reason: "it is a terminal" };
        throw new CloudtaserError("CONTAINER_STATE", { target: "standard input", fields });
      }
      const client = async (socket: string) => new (await import("../control/client.js")).ControlClient({ socket });
      const parsed = hookOptions({ ...options, socket: session.socketFlag }, io.env);
      io.status = await runHook(parsed, { read: standardInput(), line, client });
    });
}
