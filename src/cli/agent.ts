// SPDX-License-Identifier: Apache-2.0
// cloudtaser agent: the daemon, and the one way to take everything off.

import type { Command } from "commander";
import type { ConfigFlags, FlagName } from "../config/index.js";
import { exitCodes } from "../errors/index.js";
import { keyOption } from "./authority-key.js";
import { type Io, type Session, sessionOf } from "./io.js";
import type { Uninstalled } from "./uninstall.js";

/** One row for each setting that a flag may change; --socket is global. Values are checked with the configuration. */
const flags = {
  mode: ["--mode <mode>", "detect or enforce (ENFORCE_MODE)"],
  kill: ["--kill [true|false]", "also kill the offender of a refused attack (REACTIVE_KILL)"],
  logAll: ["--log-all [true|false]", "report also what the allow lists let pass (LOG_ALL)"],
  nodeName: ["--node-name <name>", "name of this node in events (NODE_NAME)"],
  healthListen: ["--health-listen <address>", "HOST:PORT of /metrics and health, or off (HEALTH_LISTEN_ADDR)"],
  objectPath: ["--object-path <directory>", "directory of BPF objects (EBPF_OBJECT_PATH)"],
  pinPath: ["--pin-path <directory>", "directory on a BPF file system for pinned guards"],
  form: ["--form <form>", "auto, lsm, fmod_ret or signal"],
  onStop: ["--on-stop <what>", "detach the guards, or leave them refusing"],
  eventsFile: ["--events-file <path>", "write events to this file too"],
  leakScanLimit: [
    "--leak-scan-limit <size>",
    "bytes of one operation that are looked at for secrets (LEAK_SCAN_LIMIT)",
  ],
  leakBeyond: ["--leak-beyond <what>", "longer operations: look at the edges, or refuse (LEAK_BEYOND)"],
  leakUnscanned: ["--leak-unscanned <what>", "what cannot be read: report, or refuse (LEAK_UNSCANNED)"],
  selftestInterval: ["--selftest-interval <seconds>", "make a selftest now and each so many seconds; 0 for never"],
  logLevel: ["--log-level <level>", "trace, debug, info, warn, error, fatal or silent"],
} as const satisfies Record<Exclude<FlagName, "socket">, readonly [string, string]>;

export function addAgent(program: Command, io: Io): void {
  const command = program.command("agent").description("run the agent in the foreground until SIGTERM");
  for (const [flag, description] of Object.values(flags)) command.option(flag, description);
  command.option(...keyOption);
  command.option("--uninstall", "take off the guards that an agent left, and end").action(async (options, self) => {
    const session = sessionOf(io, self);
    const { uninstall, key, ...given } = options as ConfigFlags & { uninstall?: boolean; key?: string };
    const { findConfigFile, loadConfig } = await import("../config/index.js");
    const input = { file: session.configFile, env: io.env, flags: { ...given, socket: session.socketFlag } };
    const configFile = findConfigFile(input);
    const config = loadConfig(input);
    if (uninstall) {
      const { uninstallGuards } = await import("./uninstall.js");
      const { socket } = config.control;
      const result = await uninstallGuards(config.pinPath, { socket, native: io.native, key });
      if (result.held.length > 0) io.status = exitCodes.busy;
      report(session, config.pinPath, result);
      return;
    }
    const [{ runAgent }, { createLog }] = await Promise.all([import("../agent/index.js"), import("../log/index.js")]);
    io.status = await runAgent({
      config,
      // By name: the default file, once gone or empty, must not mean the defaults (detect) to an agent that enforces.
      reloadConfig: () => loadConfig({ ...input, file: configFile ?? findConfigFile(input) }),
      configFile,
      log: createLog({ level: config.log.level }),
    });
  });
}

function report(session: Session, pinPath: string, { removed, held }: Uninstalled): void {
  if (session.json) {
    session.value({ pinPath, removed, held });
    return;
  }
  for (const path of removed) session.line(`removed ${path}`);
  if (removed.length === 0) session.line(`nothing to take off at ${pinPath}`);
  else if (held.length === 0) session.line("The guards are off: no process on this node is protected any more.");
  else
    session.line(
      `${held.length} guards still stand, held by another process. It has a descriptor of one: end it, or reboot.`,
    );
}
