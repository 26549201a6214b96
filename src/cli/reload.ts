// SPDX-License-Identifier: Apache-2.0
// cloudtaser reload: the agent reads its configuration anew; a bad one is refused and the old one stays.

import type { Command } from "commander";
import { printable } from "../errors/index.js";
import { type Io, sessionOf } from "./io.js";

export function addReload(program: Command, io: Io): void {
  program
    .command("reload")
    .description("make the agent read its configuration again")
    .action(async (_: unknown, command: Command) => {
      const session = sessionOf(io, command);
      const report = await (await session.client()).reload();
      if (session.json) return session.value(report);
      session.line(`configuration in force since ${printable(report.loadedAt)}`);
      // An older agent does not say.
      const waiting = report.needsRestart ?? [];
      if (waiting.length > 0)
        session.line(`not in force before the agent is restarted: ${waiting.map((one) => printable(one)).join(", ")}`);
    });
}
