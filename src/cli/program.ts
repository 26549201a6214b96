// SPDX-License-Identifier: Apache-2.0
// The command line as a whole: global flags, the commands, and how errors end.

import { Command, CommanderError } from "commander";
import { CloudtaserError, errorToJson, exitCodeOf, exitCodes, reasonOf, renderError } from "../errors/index.js";
import { wantsColor } from "../formats/color.js";
import { packageVersion } from "../kernel/paths.js";
import { addAgent } from "./agent.js";
import { addAuthority } from "./authority.js";
import { addDoctor } from "./doctor.js";
import { addEvents } from "./events.js";
import { addHook } from "./hook.js";
import type { Io } from "./io.js";
import { addProtect } from "./protect.js";
import { addReload } from "./reload.js";
import { addSecrets } from "./secrets.js";
import { addSelftest } from "./selftest.js";
import { addStatus } from "./status.js";
import { addTop } from "./top.js";
import { addUnprotect } from "./unprotect.js";
import { addValidate } from "./validate.js";
import { addVectors } from "./vectors.js";
import { addVerify } from "./verify.js";

const exitStatuses = `
Exit status: 0 done; ${exitCodes.failed} failed; ${exitCodes.usage} wrong flag, argument or configuration; ${exitCodes.unsupported} this machine cannot do it; ${exitCodes.forbidden} not permitted;
${exitCodes.busy} something else is in the way; ${exitCodes.unproven} the guards' work could not be shown;
${exitCodes.onlyObserved} a selftest was only observed (detect mode); ${exitCodes.switchedOff} booted with cloudtaser=off. verify: 0 complete and unaltered, ${exitCodes.failed} not, ${exitCodes.unproven} not signed. selftest: 0 all refused, ${exitCodes.failed} something not stopped. protect -- COMMAND: that of the command, 126 not executable, 127 not found.`;

export function createProgram(io: Io): Command {
  const program = new Command("cloudtaser")
    .description("Guards processes that hold secrets, on this node, also against root.")
    .version(packageVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    .option("--config <file>", "configuration file (CLOUDTASER_CONFIG, /etc/cloudtaser/config.yaml)")
    .option("--socket <path>", "control socket of the agent (CLOUDTASER_SOCKET)")
    .option("--json", "JSON instead of text")
    .option("--no-color", "no colour (NO_COLOR)")
    .addHelpText("after", exitStatuses)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => {}, // reported once, by run()
    })
    .exitOverride();
  program.hook("preAction", (_, command) => {
    if (io.tail !== undefined && command.name() !== "protect") {
      throw new CloudtaserError("USAGE", { target: command.name(), fields: { reason: "takes no command after --" } });
    }
  });
  const commands = [
    addAgent,
    addDoctor,
    addSelftest,
    addProtect,
    addUnprotect,
    addSecrets,
    addStatus,
    addEvents,
    addVectors,
  ];
  for (const add of [...commands, addTop, addVerify, addValidate, addReload, addAuthority, addHook]) add(program, io);
  return program;
}

/** The addon has an error class of its own, since it may be used without the rest. */
function known(error: unknown): unknown {
  if (error instanceof Error && error.name === "AddonError" && "target" in error) {
    const { target } = error;
    const reason = reasonOf(error.cause ?? error);
    return new CloudtaserError("ADDON_UNUSABLE", { target: String(target), fields: { reason }, cause: error });
  }
  if (error instanceof CommanderError) {
    const reason = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
    return new CloudtaserError("USAGE", { target: "cloudtaser", fields: { reason } });
  }
  return error;
}

/** @param argv without node and script. Returns the exit status. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const dashes = argv.indexOf("--");
  const own = dashes < 0 ? argv : argv.slice(0, dashes);
  io.tail = dashes < 0 ? undefined : argv.slice(dashes + 1);
  try {
    await createProgram(io).parseAsync([...own], { from: "user" });
    return io.status;
  } catch (error) {
    if (error instanceof CommanderError && (error.exitCode === 0 || error.code === "commander.help")) {
      return error.exitCode === 0 ? 0 : exitCodes.usage; // help was printed
    }
    const shown = known(error);
    const json = own.includes("--json");
    const color = !own.includes("--no-color") && wantsColor(io.stderr, io.env);
    io.stderr.write(`${json ? JSON.stringify({ error: errorToJson(shown) }) : renderError(shown, { color })}\n`);
    return exitCodeOf(shown);
  }
}
