// SPDX-License-Identifier: Apache-2.0
// cloudtaser validate: would this machine's agent take the configuration, and has the one that runs the same modes?

import type { Command } from "commander";
import { exitCodes } from "../errors/index.js";
import { type Io, sessionOf } from "./io.js";

export function addValidate(program: Command, io: Io): void {
  program
    .command("validate")
    .description("check a configuration file (--config) as a first start of the agent would, without one")
    .option(
      "--running",
      "compare mode and kill of each vector, for all, with the running agent; status 1 if one differs",
    )
    .action(async ({ running }: { running?: boolean }, command: Command) => {
      const session = sessionOf(io, command);
      const [{ loadConfig }, { warningsOf }, { createLog }, { differencesOf, sayValid }] = await Promise.all([
        import("../config/index.js"),
        import("../agent/validate.js"),
        import("../log/index.js"),
        import("./validate-report.js"),
      ]);
      const config = loadConfig({ file: session.configFile, env: io.env });
      const warnings = await warningsOf(config, createLog({ level: "silent" }));
      const differences = running ? differencesOf(config, await (await session.client()).vectors()) : undefined;
      if (differences && differences.length > 0) io.status = exitCodes.failed;
      sayValid(session, config, warnings, differences);
    });
}
